use trunnion_core::LocalRuntime;
use trunnion_tokio::Tokio;

fn needs_a_local_runtime<R: LocalRuntime>(_rt: &R) {}

fn calls(rt: &Tokio) {
    needs_a_local_runtime(rt);
}

fn main() {}
