//! How a scope ended, told to the phase of a shutdown that it is in.

use core::fmt;

use trunnion_core::PanicPayload;
use trunnion_core::panic::contain;

use super::error::{ScopeError, Why};
use super::outcome::{ChildInfo, Outcome};
use super::roster::{Entry, Outer};

/// Says what a scope gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ScopeEnd {
    /// The output of its joiner.
    Output,
    /// An error: that of a scope which was only cancelled, too.
    Error(Why),
    /// A panic, with this text: of a child, the body or the joiner.
    Panicked(Box<str>),
    /// Nothing, for its future was dropped; so many children were left and have been killed.
    Dropped(usize),
}

/// Tells how a scope in a phase of a shutdown ended; see [`PhaseReport::scopes`](crate::PhaseReport::scopes).
///
/// Values, errors and payloads are in the scope's own result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScopeReport {
    /// The scope: its name, and the place that set it up.
    pub scope: ChildInfo,
    /// What it gave.
    pub end: ScopeEnd,
    /// How many errors of children there were for its joiner.
    pub errors: usize,
    /// How many of its children panicked.
    pub panics: usize,
    /// It was killed before all in it had ended.
    pub killed: bool,
    /// The children that were still there when the scope's own grace was over.
    pub stragglers: Vec<ChildInfo>,
}

impl ScopeReport {
    /// Tells whether nobody in it failed, panicked or was killed. Children that were cancelled ended as they were asked to.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let ended = match &self.end {
            ScopeEnd::Output | ScopeEnd::Error(Why::Cancelled(_)) => true,
            ScopeEnd::Dropped(left) => *left == 0,
            ScopeEnd::Error(_) | ScopeEnd::Panicked(_) => false,
        };
        ended && self.errors == 0 && self.panics == 0 && !self.killed
    }
}

impl fmt::Display for ScopeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope.fmt(f)?;
        match &self.end {
            ScopeEnd::Output => f.write_str(" ended")?,
            ScopeEnd::Error(why) => write!(f, " gave an error: {why}")?,
            ScopeEnd::Panicked(text) => write!(f, " panicked: {text}")?,
            ScopeEnd::Dropped(left) => write!(f, " was dropped with {left} children left")?,
        }
        if self.errors + self.panics > 0 {
            write!(f, ", {} errors, {} panics", self.errors, self.panics)?;
        }
        if self.killed {
            f.write_str(", was killed")?;
        }
        for child in &self.stragglers {
            write!(f, ", late: {child}")?;
        }
        Ok(())
    }
}

/// Watches a scope for the phase around it, which ends after it was told.
///
/// It holds the scope's place there, which is given back behind the report: a child that left last would give it back before.
pub(crate) struct Watch {
    tell: Box<dyn FnOnce(ScopeReport) + Send>,
    outer: Option<Outer>,
    errors: usize,
    panics: usize,
    stragglers: Vec<ChildInfo>,
}

impl Watch {
    pub(crate) fn new(tell: impl FnOnce(ScopeReport) + Send + 'static) -> Self {
        Self {
            tell: Box::new(tell),
            outer: None,
            errors: 0,
            panics: 0,
            stragglers: Vec::new(),
        }
    }

    /// Takes the place into its care.
    pub(super) fn hold(&mut self, outer: Option<Outer>) {
        self.outer = outer;
    }

    /// Notes what became of a child.
    pub(super) const fn count<T, E>(&mut self, outcome: &Outcome<T, E>) {
        match outcome {
            Outcome::Err(_) => self.errors += 1,
            Outcome::Panicked(_) => self.panics += 1,
            Outcome::Ok(_) | Outcome::Cancelled | Outcome::Shutdown => {}
        }
    }

    /// Notes that a child is late.
    pub(super) fn late(&mut self, child: Entry) {
        self.stragglers.push(ChildInfo::new(child));
    }

    /// Tells what the scope gave, and gives back the place.
    pub(super) fn over<V, E>(
        self,
        ended: &Result<Result<V, ScopeError<E>>, PanicPayload>,
        killed: bool,
    ) {
        let end = match ended {
            Ok(Ok(_)) => ScopeEnd::Output,
            Ok(Err(error)) => ScopeEnd::Error(error.why.clone()),
            Err(panic) => {
                let text = panic.message().unwrap_or("a value that is not text");
                ScopeEnd::Panicked(text.into())
            }
        };
        drop(self.end(end, killed));
    }

    /// Tells that the scope's future is dropped, and hands out the place: those that are left give it back.
    pub(super) fn dropped(self, left: usize, killed: bool) -> Option<Outer> {
        self.end(ScopeEnd::Dropped(left), killed || left > 0)
    }

    fn end(self, end: ScopeEnd, killed: bool) -> Option<Outer> {
        let scope = self.outer.as_ref()?.entry()?;
        let report = ScopeReport {
            scope: ChildInfo::new(scope),
            end,
            errors: self.errors,
            panics: self.panics,
            killed,
            stragglers: self.stragglers,
        };
        contain(|| (self.tell)(report));
        self.outer
    }
}
