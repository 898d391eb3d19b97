//! Who is restarted together with a child that fails.

/// Says who is restarted when a child is.
///
/// Those that are restarted with it are stopped first, the last one first, and started in their order, one when the one before is
/// ready. Temporary children are stopped with them, but do not come back; others come back even if they had come to their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// Nobody else: the children do not depend on each other.
    #[default]
    OneForOne,
    /// All: each depends on each.
    OneForAll,
    /// Those that were started after it: each depends on those before.
    RestForOne,
}
