//! Asking an operation to stop at a point in time, and waiting until it has.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use trunnion_core::panic::{FirstPanic, catch, contain};
use trunnion_core::{CancelKind, CancelToken, Cancellation, Instant, Timer};

use crate::foreign::Foreign;

/// Cancels the token that it gives to `op` at `deadline`, waits until `op` has ended, and tells whether its time was over.
///
/// [`timeout_at`](crate::timeout_at) drops what is late, where it stands; this asks it to stop, with the reason
/// [`CancelKind::Deadline`], and lets it say what it has. An operation that does not look at its token is waited for all the same.
///
/// The operation is polled before the clock is looked at, and once more in the turn in which its token is cancelled. A deadline
/// that is past lets it make one poll, so that what is ready is in time, and then cancels.
///
/// ```
/// use std::time::Duration;
/// use trunnion_core::{CancelToken, Timer};
/// use trunnion_patterns::with_deadline;
///
/// /// Counts until it is asked to stop, and gives what it has.
/// async fn count<R: Timer>(rt: &R, token: CancelToken) -> u32 {
///     let mut counted = 0;
///     while token.run_until_cancelled(rt.sleep(Duration::from_millis(300))).await.is_ok() {
///         counted += 1;
///     }
///     counted
/// }
///
/// async fn a_second<R: Timer>(rt: &R) -> (u32, bool) {
///     let deadline = rt.now() + Duration::from_secs(1);
///     let counted = with_deadline(rt, deadline, |token| count(rt, token)).await;
///     (counted.output, counted.expired)
/// }
/// # use trunnion_core::BlockOn;
/// # let sim = trunnion_sim::Sim::new();
/// # assert_eq!(sim.block_on(a_second(&sim.handle())), (3, true));
/// ```
///
/// # Panics
/// The returned future panics with the panic of a waker or callback that the cancellation ran, or of a token that is not ours, when the
/// operation has ended.
///
/// # Cancel safety
/// Dropping the returned future drops the operation and the timer. Its token stays as it is: tasks that have a clone are told by a
/// token around it ([`token`](WithDeadline::token)) or a guard.
///
/// # Cost
/// One token below the one [around it](WithDeadline::token), or two if there is none, an allocation each. No timer is made while the operation is ready at once; else one sleep of the runtime.
pub fn with_deadline<R, O, F>(timer: &R, deadline: Instant, op: O) -> WithDeadline<'_, R, O, F>
where
    R: Timer,
    O: FnOnce(CancelToken) -> F,
    F: Future,
{
    WithDeadline {
        timer,
        deadline,
        token: None,
        foreign: Foreign::default(),
        op: Some(op),
        future: None,
        sleep: None,
        owns: true,
        over: false,
        expired: false,
        panic: FirstPanic::new(),
    }
}

/// Holds what an operation gave, and whether its time was over; given by [`with_deadline`](fn@with_deadline).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished<T> {
    /// What the operation gave.
    pub output: T,
    /// The deadline has passed and cancelled the operation; false if something else had cancelled it before, also a deadline
    /// of a token around it.
    pub expired: bool,
}

pin_project! {
    /// Waits for an operation and cancels it at its deadline; made by [`with_deadline`](fn@with_deadline).
    ///
    /// It is `Send` when the timer is `Sync`, and its sleep and the operation are `Send`.
    ///
    /// # Panics
    /// When it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the operation and the timer; its token stays as it is.
    #[must_use = "futures do nothing unless awaited"]
    pub struct WithDeadline<'a, R, O, F>
    where
        R: Timer,
    {
        timer: &'a R,
        deadline: Instant,
        // The one around it; later the operation's own.
        token: Option<CancelToken>,
        // Cancels it, too.
        foreign: Foreign,
        // Empty once it has begun.
        op: Option<O>,
        // Empty before, and once the result is given.
        #[pin]
        future: Option<F>,
        // Made when the operation is pending for the first time.
        #[pin]
        sleep: Option<R::Sleep>,
        // No deadline further out is as early.
        owns: bool,
        // There is nothing to wait for but the operation.
        over: bool,
        expired: bool,
        // Of what the cancellation ran, or of a token that is not ours.
        panic: FirstPanic,
    }
}

impl<R: Timer, O, F> WithDeadline<'_, R, O, F> {
    /// Puts the operation's token below `token`: a cancellation there reaches it, and so does a deadline there that is earlier.
    ///
    /// The operation is not [`expired`](Finished::expired) then; of two equal deadlines the outer one counts.
    pub fn token(mut self, token: &CancelToken) -> Self {
        if self.op.is_some() {
            self.token = Some(token.clone());
        }
        self
    }

    /// Asks the operation to stop when `token`, which may be of any kind, is cancelled, with its reason; it is not
    /// [`expired`](Finished::expired) then.
    ///
    /// Where the token is a [`CancelToken`], [`token`](Self::token) is better: the operation is asked in the call that cancels, and deadlines and kills
    /// are passed on. Both may be given, but of this only the last.
    ///
    /// ```
    /// use trunnion_core::{BlockOn, CancelToken, Clock};
    /// use trunnion_patterns::with_deadline;
    ///
    /// let sim = trunnion_sim::Sim::new();
    /// let rt = sim.handle();
    /// let stop = CancelToken::new(); // or one of another library
    /// stop.cancel();
    /// let late = rt.now() + std::time::Duration::from_secs(1);
    /// let told = with_deadline(&rt, late, |token| token.cancelled_owned()).cancel_on(&stop);
    /// assert!(!sim.block_on(told).expired);
    /// ```
    ///
    /// # Cost
    /// One allocation.
    pub fn cancel_on<C>(mut self, token: &C) -> Self
    where
        C: Cancellation<Cancelled: Send + 'static>,
    {
        if self.op.is_some() {
            self.foreign = Foreign::new(token);
        }
        self
    }
}

impl<R, O, F> WithDeadline<'_, R, O, F>
where
    R: Timer,
    O: FnOnce(CancelToken) -> F,
    F: Future,
{
    /// Makes the token and the operation at the first poll.
    fn begin(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let mut this = self.project();
        let Some(op) = this.op.take() else {
            return;
        };
        let around = this.token.take().unwrap_or_default();
        *this.owns = around.deadline().is_none_or(|outer| *this.deadline < outer);
        let token = around.child_until(*this.deadline);
        *this.token = Some(token.clone());
        let passed = this.foreign.pass_on(&token, cx);
        this.panic.keep(passed.map(drop));
        this.future.set(Some(op(token)));
    }
}

impl<R: Timer, O, F: Future> WithDeadline<'_, R, O, F> {
    /// Waits for the deadline, arming the timer at the first call; ready in the turn in which it cancels.
    fn poll_deadline(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let (false, Some(token)) = (*this.over, this.token) else {
            return Poll::Pending;
        };
        match this.foreign.pass_on(token, cx) {
            Ok(false) => {}
            passed => {
                this.panic.keep(passed.map(drop));
                return Poll::Ready(());
            }
        }
        let at = token.deadline().filter(|_| !token.is_cancelled());
        if let Some(at) = at {
            if this.sleep.is_none() {
                this.sleep.set(Some(this.timer.sleep_until(at)));
            }
            if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
                ready!(sleep.poll(cx));
            }
        }
        *this.over = true;
        this.sleep.set(None);
        if at.is_none() {
            return Poll::Pending;
        }
        match catch(|| token.cancel_with(CancelKind::Deadline)) {
            Ok(won) => *this.expired = won && *this.owns,
            Err(panic) => _ = this.panic.keep(Err(panic)),
        }
        Poll::Ready(())
    }

    /// Drops the operation and the timer in place, and gives the result.
    fn finish(self: Pin<&mut Self>, output: F::Output) -> Finished<F::Output> {
        let mut this = self.project();
        this.future.set(None);
        this.sleep.set(None);
        let expired = *this.expired;
        match core::mem::take(this.panic).into_result() {
            Ok(()) => Finished { output, expired },
            Err(panic) => {
                contain(|| drop(output));
                panic.resume()
            }
        }
    }
}

impl<R, O, F> Future for WithDeadline<'_, R, O, F>
where
    R: Timer,
    O: FnOnce(CancelToken) -> F,
    F: Future,
{
    type Output = Finished<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.as_mut().begin(cx);
        loop {
            let future = self.as_mut().project().future.as_pin_mut();
            let future = future.expect("the operation was polled after it gave its result");
            if let Poll::Ready(output) = future.poll(cx) {
                return Poll::Ready(self.finish(output));
            }
            ready!(self.as_mut().poll_deadline(cx));
        }
    }
}

impl<R: Timer, O, F> fmt::Debug for WithDeadline<'_, R, O, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithDeadline")
            .field("deadline", &self.deadline)
            .field("expired", &self.expired)
            .finish_non_exhaustive()
    }
}
