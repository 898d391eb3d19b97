use trunnion_core::Runtime;
use trunnion_smol::SmolLocal;

fn needs_a_runtime<R: Runtime>(_rt: &R) {}

fn calls(rt: &SmolLocal) {
    needs_a_runtime(rt);
}

fn main() {}
