use trunnion_core::SpawnLocal;
use trunnion_smol::SmolLocal;

fn sends_the_handle_away(rt: &SmolLocal) {
    let task = rt.spawn_local(async { 1 });
    std::thread::spawn(move || drop(task));
}

fn main() {}
