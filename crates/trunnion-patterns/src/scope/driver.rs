//! The scope's own future: it polls the body, then the children that were woken, until all are gone.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::PanicPayload;
use trunnion_core::panic::{catch, contain};
use trunnion_core::set::FutureSet;

use super::children::{Children, Member, Rest, Told, Turn, poll_told};
use super::handle::ScopeOf;
use super::member::Held;
use super::seats::{Card, Ended};

/// Where a scope is.
enum Stage<F> {
    /// Nothing runs before the first poll.
    Made(F),
    Runs,
    Over,
}

pin_project! {
    /// Runs a scope of one task; made by [`scope`](fn@crate::scope), [`try_scope`](fn@crate::try_scope),
    /// [`local_scope`](fn@crate::local_scope) and [`group`](fn@crate::group).
    ///
    /// A child cannot wait for its own scope: polling this takes it mutably, and it is being polled while a child runs.
    ///
    /// # Panics
    /// With the first panic of the body or a child, when all are gone; and when it is polled again after it was ready.
    ///
    /// # Cancel safety
    /// Dropping it drops the body, then the children, the last spawned first; their handles give
    /// [`JoinError::Cancelled`](trunnion_core::JoinError::Cancelled). A panic of a destructor keeps none of the others from
    /// being dropped, and goes to the process's hook.
    #[must_use = "nothing runs until the scope is awaited"]
    pub struct ScopeFuture<C: Future, F, Fut: Future> {
        stage: Stage<F>,
        #[pin]
        body: Option<Fut>,
        output: Option<Fut::Output>,
        // There from the first poll on.
        crew: Option<Crew<C>>,
        // There from the first time that it goes to sleep.
        #[pin]
        told: Option<Told<Held<C>, C::Output>>,
        stops: fn(&Fut::Output) -> bool,
    }

    impl<C: Future, F, Fut: Future> PinnedDrop for ScopeFuture<C, F, Fut> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let (Some(crew), Stage::Runs) = (this.crew.as_mut(), &*this.stage) {
                crew.stop(None, || this.body.set(None));
                let panic = crew.panic.take();
                contain(|| drop(panic));
            }
        }
    }
}

impl<C, F, Fut> ScopeFuture<C, F, Fut>
where
    C: Future,
    F: FnOnce(ScopeOf<C>) -> Fut,
    Fut: Future,
{
    pub(super) const fn new(make: F, stops: fn(&Fut::Output) -> bool) -> Self {
        Self {
            stage: Stage::Made(make),
            body: None,
            output: None,
            crew: None,
            told: None,
            stops,
        }
    }
}

/// The children of a scope, as its future sees them.
struct Crew<C: Future> {
    children: Children<Held<C>, C::Output>,
    // The first one, which is raised when all are gone.
    panic: Option<PanicPayload>,
}

impl<C: Future> Crew<C> {
    fn new() -> Self {
        let children = Children::new();
        Self {
            children,
            panic: None,
        }
    }

    /// Runs the user's code, and keeps its panic.
    fn guard<R>(&mut self, f: impl FnOnce() -> R) -> Option<R> {
        match catch(f) {
            Ok(value) => Some(value),
            Err(panic) => {
                self.keep_panic(panic);
                None
            }
        }
    }

    /// Keeps the first panic; the others have been told to the process's hook.
    #[cold]
    fn keep_panic(&mut self, panic: PanicPayload) {
        if self.panic.is_some() {
            return contain(|| drop(panic));
        }
        self.panic = Some(panic);
    }

    /// Keeps the panic of a child, of which its handle gets the text.
    #[cold]
    fn fail(&mut self, card: Card, panic: PanicPayload) {
        let text = Box::from(text(&panic));
        self.keep_panic(panic);
        self.end(card, Ended::Panicked(text));
    }

    /// Tells the handle of a child, if it has one, how that ended.
    fn end(&mut self, card: Card, ended: Ended<C::Output>) {
        let refused = if card.has_seat() {
            self.children.end(card, ended)
        } else {
            Some(ended)
        };
        if refused.is_some() {
            self.guard(|| drop(refused));
        }
    }

    /// Drops a child that has not ended.
    fn drop_child(&mut self, card: Card, drop: impl FnOnce()) {
        match catch(drop) {
            Ok(()) => self.end(card, Ended::Cancelled),
            Err(panic) => self.fail(card, panic),
        }
    }

    /// Drops those that are to go, and polls those that were woken; true if that has woken the task.
    fn turn(&mut self, turn: &mut Turn<Held<C>>, cx: &Context<'_>) -> bool {
        for (number, card) in turn.aborts.drain(..) {
            self.drop_child(card, || _ = turn.set.remove(number));
        }
        // One catch for all: after the first panic nobody has a turn any more.
        let polled = catch(|| {
            while self.panic.is_none() {
                turn.set.begin_round();
                let Some((_, (card, result))) = turn.set.next_ended() else {
                    return !turn.set.is_empty() && turn.set.wait(cx);
                };
                match result {
                    Ok(_) if !card.has_seat() && !core::mem::needs_drop::<C::Output>() => {}
                    Ok(value) => self.end(card, Ended::Value(value)),
                    Err(panic) => self.fail(card, *panic),
                }
            }
            false
        });
        polled.unwrap_or_else(|panic| {
            self.keep_panic(panic);
            false
        })
    }

    /// Closes the scope and drops who is left: the body, then the children, the last spawned first.
    fn stop(&mut self, taken: Option<FutureSet<Held<C>>>, drop_body: impl FnOnce()) {
        let (set, inbox) = self.children.close();
        self.guard(drop_body);
        for child in inbox.into_iter().rev() {
            self.drop_child(child.card(), || drop(child));
        }
        if let Some(mut set) = taken.or(set) {
            self.drop_all(&mut set);
        }
        self.end_fallen();
    }

    fn drop_all(&mut self, set: &mut FutureSet<Held<C>>) {
        let mut cards: Vec<_> = set.iter().map(|(at, child)| (at, child.card())).collect();
        // Numbers of the set are given again, those of children are not.
        cards.sort_unstable_by_key(|(_, card)| core::cmp::Reverse(card.id));
        for (number, card) in cards {
            self.drop_child(card, || _ = set.remove(number));
        }
    }

    /// Tells the handle of the child that panicked in its turn: the one that has not ended when all are gone.
    fn end_fallen(&mut self) {
        let Some(panic) = &self.panic else { return };
        if let Some(card) = self.children.running() {
            let ended = Ended::Panicked(Box::from(text(panic)));
            self.end(card, ended);
        }
    }
}

/// Gives what a handle may know of a panic that is the scope's.
fn text(panic: &PanicPayload) -> &str {
    panic.message().unwrap_or("a value that is not text")
}

impl<C, F, Fut> ScopeFuture<C, F, Fut>
where
    C: Future,
    F: FnOnce(ScopeOf<C>) -> Fut,
    Fut: Future,
{
    /// Makes the body at the first poll.
    fn begin(self: Pin<&mut Self>) {
        let mut this = self.project();
        match core::mem::replace(this.stage, Stage::Runs) {
            Stage::Made(make) => {
                let mut crew = Crew::new();
                let scope = ScopeOf::new(crew.children.clone());
                this.body.set(crew.guard(|| make(scope)));
                *this.crew = Some(crew);
            }
            Stage::Runs => {
                // Where there is no body, the children are next.
                if let (Some(crew), Some(_)) = (this.crew, &*this.body) {
                    crew.children.begin();
                }
            }
            Stage::Over => {
                *this.stage = Stage::Over;
                unreachable!("the scope was polled after its result")
            }
        }
    }

    /// Polls the body; true if that ends the scope at once.
    fn poll_body(self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        let mut this = self.project();
        let Some(crew) = this.crew else {
            unreachable!("the scope has begun")
        };
        if let Some(body) = this.body.as_mut().as_pin_mut() {
            if let Some(Poll::Ready(output)) = crew.guard(|| body.poll(cx)) {
                crew.guard(|| this.body.set(None));
                *this.output = Some(output);
            }
        }
        crew.panic.is_some() || this.output.as_ref().is_some_and(*this.stops)
    }

    /// Gives the children their turns; true if the scope is over.
    fn poll_children(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<bool> {
        let mut this = self.project();
        let crew = this.crew.as_mut()?;
        let mut turn = crew.children.take();
        let woken = crew.turn(&mut turn, cx);
        if crew.panic.is_some() {
            let mut body = this.body;
            crew.stop(Some(turn.set), || body.set(None));
            return Some(true);
        }
        match crew.children.rest(turn.set, this.body.is_none(), woken) {
            Rest::Over => return Some(true),
            Rest::More if woken => return Some(false),
            Rest::More => {}
            Rest::Sleeps => {
                if this.told.is_none() {
                    this.told.set(Some(crew.children.waiter()));
                }
                if poll_told(this.told.as_pin_mut()?, cx).is_pending() {
                    return Some(false);
                }
            }
        }
        cx.waker().wake_by_ref();
        Some(false)
    }

    fn finish(self: Pin<&mut Self>) -> Poll<Fut::Output> {
        let this = self.project();
        *this.stage = Stage::Over;
        let output = this.output.take();
        if let Some(panic) = this.crew.as_mut().and_then(|crew| crew.panic.take()) {
            contain(|| drop(output));
            panic.resume();
        }
        Poll::Ready(output.expect("the body has ended"))
    }
}

impl<C, F, Fut> Future for ScopeFuture<C, F, Fut>
where
    C: Future,
    F: FnOnce(ScopeOf<C>) -> Fut,
    Fut: Future,
{
    type Output = Fut::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        self.as_mut().begin();
        if self.as_mut().poll_body(cx) {
            let mut this = self.as_mut().project();
            if let Some(crew) = this.crew {
                crew.stop(None, || this.body.set(None));
            }
            return self.finish();
        }
        match self.as_mut().poll_children(cx) {
            Some(true) => self.finish(),
            _ => Poll::Pending,
        }
    }
}

impl<C: Future, F, Fut: Future> fmt::Debug for ScopeFuture<C, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeFuture").finish_non_exhaustive()
    }
}
