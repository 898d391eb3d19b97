//! What was started and not given yet.

use core::future::Future;
use core::task::Context;
use std::collections::VecDeque;

use trunnion_core::set::FutureSet;

/// Tells whether an output ends the map.
pub(super) type Stops<T> = Option<fn(&T) -> bool>;

/// The operations that run, and the outputs that wait.
pub(super) struct Window<F: Future> {
    running: FutureSet<F>,
    // In the order in which they are given; a place without an output belongs to an operation that runs.
    outputs: VecDeque<Option<F::Output>>,
    // The number of the operation whose output is in front, where the order is that of the items.
    front: usize,
    // By the place of the operation in the set; empty where neither order nor weights need it.
    seats: Vec<Seat>,
    weight: usize,
    ordered: bool,
    weighed: bool,
    stops: Stops<F::Output>,
    errors: Vec<F::Output>,
}

/// What is known of an operation that runs.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    number: usize,
    weight: usize,
}

impl<F: Future> Window<F> {
    pub(super) const fn new(ordered: bool, weighed: bool, stops: Stops<F::Output>) -> Self {
        Self {
            running: FutureSet::new(),
            outputs: VecDeque::new(),
            front: 0,
            seats: Vec::new(),
            weight: 0,
            ordered,
            weighed,
            stops,
            errors: Vec::new(),
        }
    }

    /// Tells whether there was never room for anything.
    pub(super) fn is_new(&self) -> bool {
        self.outputs.capacity() == 0
    }

    /// Makes room for so many operations at once; nothing was started yet.
    pub(super) fn reserve(&mut self, operations: usize) {
        self.running = FutureSet::with_capacity(operations);
        self.outputs.reserve(operations);
        if self.ordered || self.weighed {
            self.seats.reserve(operations);
        }
    }

    /// Counts the operations that run.
    pub(super) const fn running(&self) -> usize {
        self.running.len()
    }

    /// Counts the operations that run and the outputs that wait.
    pub(super) fn len(&self) -> usize {
        let unplaced = if self.ordered { 0 } else { self.running.len() };
        self.outputs.len() + unplaced
    }

    /// What the running operations weigh.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    /// Starts an operation.
    #[inline]
    pub(super) fn start(&mut self, job: F, weight: usize) {
        match self.running.start(job) {
            // It is the last, in either order.
            Err(output) if !self.stops(&output) => self.outputs.push_back(Some(output)),
            Err(error) => self.errors.push(error),
            Ok(place) => self.sit(place, weight),
        }
    }

    fn sit(&mut self, place: usize, weight: usize) {
        if !self.ordered && !self.weighed {
            return;
        }
        if place >= self.seats.len() {
            self.seats.resize(place + 1, Seat::default());
        }
        let number = self.front.wrapping_add(self.outputs.len());
        self.seats[place] = Seat { number, weight };
        self.weight += weight;
        if self.ordered {
            self.outputs.push_back(None);
        }
    }

    /// Polls each operation that was woken, once.
    #[inline]
    pub(super) fn round(&mut self) {
        self.running.begin_round();
        self.end_round();
    }

    /// The same for who takes all outputs at once: where each can be given as it comes, [`next`](Self::next) polls.
    pub(super) fn begin_round(&mut self) {
        self.running.begin_round();
        if self.keeps() {
            self.end_round();
        }
    }

    /// Tells whether something is to be noted of an output before it is given.
    const fn keeps(&self) -> bool {
        self.ordered || self.weighed || self.stops.is_some()
    }

    fn end_round(&mut self) {
        while let Some((place, output)) = self.running.next_ended() {
            self.keep(place, output);
        }
    }

    #[inline]
    fn keep(&mut self, place: usize, output: F::Output) {
        let seat = self.seats.get(place).copied().unwrap_or_default();
        self.weight -= seat.weight;
        if self.stops(&output) {
            self.errors.push(output);
        } else if self.ordered {
            self.outputs[seat.number.wrapping_sub(self.front)] = Some(output);
        } else {
            self.outputs.push_back(Some(output));
        }
    }

    #[inline]
    fn stops(&self, output: &F::Output) -> bool {
        self.stops.is_some_and(|stops| stops(output))
    }

    /// Tells whether an output has ended the map.
    pub(super) fn has_failed(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Takes the outputs that have ended the map: that which came first is in front.
    pub(super) fn take_errors(&mut self) -> Vec<F::Output> {
        core::mem::take(&mut self.errors)
    }

    /// Tells whether there is an output to give.
    #[inline]
    pub(super) fn is_next_ready(&self) -> bool {
        matches!(self.outputs.front(), Some(Some(_)))
    }

    /// Gives the output whose turn it is, or else the next of a round that was begun.
    #[inline]
    pub(super) fn next(&mut self) -> Option<F::Output> {
        if !self.outputs.is_empty() || self.keeps() {
            return self.pop();
        }
        self.running.next_ended().map(|(_, output)| output)
    }

    /// Gives the output whose turn it is.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<F::Output> {
        let output = self.outputs.front_mut()?.take()?;
        self.outputs.pop_front();
        self.front = self.front.wrapping_add(1);
        Some(output)
    }

    /// Drops the operations that run; the outputs that wait close up.
    ///
    /// # Panics
    /// With the first panic of a destructor, once all are gone.
    pub(super) fn clear(&mut self) {
        self.weight = 0;
        self.outputs.retain(Option::is_some);
        self.running.clear();
    }

    /// Sees to it that the task is woken by the operations that run.
    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        self.running.wait(cx);
    }
}
