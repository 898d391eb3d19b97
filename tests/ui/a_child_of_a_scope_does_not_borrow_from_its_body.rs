use trunnion_patterns::scope;

async fn borrows_from_the_body() {
    scope(async |s| {
        let local = String::from("gone when the body ends");
        s.spawn_detached(async { println!("{local}") });
    })
    .await;
}

fn main() {
    drop(borrows_from_the_body());
}
