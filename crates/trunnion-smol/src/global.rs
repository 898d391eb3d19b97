//! smol's global executor.

use core::future::Future;

use trunnion_core::context::{Context, is_polling};
use trunnion_core::task::Scoped;
use trunnion_core::{AnyRuntime, BlockOn, Flavor, Info, RuntimeId, RuntimeInfo, WouldDeadlock};

use crate::{KIND, detect, root};

const ID: RuntimeId = RuntimeId::new(KIND, 0);

/// Reaches smol's global executor, which its first task starts and which never ends.
///
/// The number of its threads is that of the environment variable `SMOL_THREADS`, or one. It has no
/// [`ShutdownRuntime`](trunnion_core::ShutdownRuntime); its tasks are never dropped unless they are cancelled.
///
/// ```
/// use trunnion_core::{BlockOn, Spawn, SpawnBlocking};
/// use trunnion_smol::SmolGlobal;
///
/// let sum = SmolGlobal.block_on(async {
///     let one = SmolGlobal.spawn(async { 1 });
///     let two = SmolGlobal.spawn_blocking(|| 2);
///     one.await.unwrap() + two.await.unwrap()
/// });
/// assert_eq!(sum, 3);
/// ```
///
/// # Cost
/// A spawn allocates twice, a detached spawn once, `spawn_blocking` twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SmolGlobal;

impl SmolGlobal {
    pub(crate) const fn context() -> Context {
        Context::new(AnyRuntime::from_static(&SmolGlobal))
    }
}

impl RuntimeInfo for SmolGlobal {
    fn info(&self) -> Info {
        Info::new(ID, Flavor::MultiThread)
    }
}

impl BlockOn for SmolGlobal {
    fn try_block_on<F: Future>(&self, future: F) -> Result<F::Output, WouldDeadlock<F>> {
        detect::register();
        if is_polling(ID) {
            return Err(WouldDeadlock::new(future));
        }
        Ok(root::block_on(Scoped::new(Self::context(), future)))
    }
}
