//! Ctrl-C and `SIGTERM`.

use std::io;
use std::thread;

use trunnion_core::{BlockOn, CancelToken, Signals};
use trunnion_smol::SmolGlobal;

/// The exit code of a program that was interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// Cancels the token at the first signal; the second ends the program at once, in case something hangs.
///
/// A thread of its own hears them: the simulator runs on the thread of the program.
#[expect(clippy::exit, reason = "what hangs cannot be waited for")]
pub(crate) fn on_signals() -> io::Result<CancelToken> {
    let (stop, mut signals) = (CancelToken::new(), SmolGlobal.stop_signals()?);
    let token = stop.clone();
    thread::Builder::new().spawn(move || {
        token.cancel_with(SmolGlobal.block_on(signals.recv()));
        SmolGlobal.block_on(signals.recv());
        std::process::exit(INTERRUPTED.into())
    })?;
    Ok(stop)
}
