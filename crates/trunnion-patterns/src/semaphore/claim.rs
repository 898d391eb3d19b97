//! What waits in the line.

/// How many permits somebody wants, and how that ended.
#[derive(Clone, Copy)]
pub(crate) struct Claim(usize);

impl Claim {
    pub(super) const EXCEEDS: usize = 1;
    pub(super) const CLOSED: usize = 2;
    const FLAGS: u32 = 2;

    /// That of who is in the line: what he wants lies there.
    pub(crate) const NONE: Self = Self(0);

    /// What is beyond any limit is as good as the largest number that fits.
    pub(crate) const fn new(permits: usize) -> Self {
        let most = usize::MAX >> Self::FLAGS;
        let permits = if permits < most { permits } else { most };
        Self(permits << Self::FLAGS)
    }

    pub(crate) const fn permits(self) -> usize {
        self.0 >> Self::FLAGS
    }

    pub(super) const fn refused(self, why: usize) -> Self {
        Self(self.0 | why)
    }

    pub(super) const fn is(self, why: usize) -> bool {
        self.0 & why != 0
    }
}
