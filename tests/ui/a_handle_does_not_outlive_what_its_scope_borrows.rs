use trunnion_patterns::{ScopeChild, scope};

async fn keeps_the_handle() -> Option<usize> {
    let mut kept: Option<ScopeChild<'_, usize>> = None;
    {
        let words = vec!["short", "lived"];
        scope(async |s| kept = Some(s.spawn(async { words.len() }))).await;
    }
    kept?.await.ok()
}

fn main() {
    drop(keeps_the_handle());
}
