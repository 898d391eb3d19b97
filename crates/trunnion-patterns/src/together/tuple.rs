//! Futures of different types: each is polled whenever one of them was woken.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use trunnion_core::choose;
use trunnion_core::panic::{FirstPanic, catch};

use super::member::Member;
use super::{Alike, Fallible, Group, Start, Together};

/// Goes round the members of a tuple.
#[derive(Debug)]
pub(super) struct Cursor {
    start: usize,
    // How many members of this round have been polled.
    polled: usize,
    left: usize,
}

impl Cursor {
    fn new(members: usize, start: Start) -> Self {
        let start = match start {
            Start::First => 0,
            Start::Chosen => choose(members),
        };
        Self {
            start,
            polled: 0,
            left: members,
        }
    }

    /// Polls the members whose turn has not come in this round, until one ends.
    fn poll(&mut self, members: usize, mut ends: impl FnMut(usize) -> bool) -> Poll<Option<usize>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        while self.polled < members {
            let number = (self.start + self.polled) % members;
            self.polled += 1;
            if ends(number) {
                self.left -= 1;
                return Poll::Ready(Some(number));
            }
        }
        self.polled = 0;
        Poll::Pending
    }
}

/// Declares a tuple's group: `tuple!(Name size: Type field value error index, ...)`.
macro_rules! tuple {
    ($name:ident $size:literal: $($future:ident $value:ident $field:ident $index:literal),+) => {
        pin_project! {
            #[doc(hidden)]
            pub struct $name<$($future: Future),+> {
                cursor: Cursor,
                $(#[pin] $field: Member<$future>,)+
            }
        }

        impl<$($future: Future),+> Together for ($($future,)+) {
            type Group = $name<$($future),+>;

            fn into_group(self, start: Start) -> Self::Group {
                let ($($field,)+) = self;
                $name {
                    cursor: Cursor::new($size, start),
                    $($field: Member::new($field),)+
                }
            }
        }

        impl<$($future: Future),+> Group for $name<$($future),+> {
            type Outputs = ($($future::Output,)+);

            fn poll_ended(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<usize>> {
                let mut this = self.project();
                this.cursor.poll($size, |number| match number {
                    $($index => this.$field.as_mut().poll_ended(cx),)+
                    _ => false,
                })
            }

            fn keep(self: Pin<&mut Self>, _number: usize) {}

            fn outputs(self: Pin<&mut Self>) -> Self::Outputs {
                let this = self.project();
                ($(this.$field.take().expect("each future has ended once"),)+)
            }

            fn clear(self: Pin<&mut Self>) {
                let this = self.project();
                let mut first = FirstPanic::new();
                $(first.keep(catch(|| this.$field.clear()));)+
                first.resume();
            }
        }

        impl<T, $($future: Future<Output = T>),+> Alike for $name<$($future),+> {
            type Output = T;
            type Winner = T;
            const NOT_EMPTY: () = ();

            fn take(self: Pin<&mut Self>, number: usize) -> T {
                let this = self.project();
                let output = match number {
                    $($index => this.$field.take(),)+
                    _ => None,
                };
                output.expect("the future has just ended")
            }

            fn winner(output: Option<T>) -> T {
                output.expect("a tuple is not empty")
            }
        }

        impl<E, $($value, $future: Future<Output = Result<$value, E>>),+> Fallible for $name<$($future),+> {
            type Values = ($($value,)+);
            type Error = E;

            fn take_error(self: Pin<&mut Self>, number: usize) -> Option<E> {
                let this = self.project();
                match number {
                    $($index => this.$field.take_error(),)+
                    _ => None,
                }
            }

            fn values(self: Pin<&mut Self>) -> Self::Values {
                let this = self.project();
                ($(
                    this.$field.take().and_then(Result::ok).expect("each future has given a value"),
                )+)
            }
        }

        impl<$($future: Future),+> fmt::Debug for $name<$($future),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Tuple").field("running", &self.cursor.left).finish_non_exhaustive()
            }
        }
    };
}

tuple!(Tuple1 1: A TA a 0);
tuple!(Tuple2 2: A TA a 0, B TB b 1);
tuple!(Tuple3 3: A TA a 0, B TB b 1, C TC c 2);
tuple!(Tuple4 4: A TA a 0, B TB b 1, C TC c 2, D TD d 3);
tuple!(Tuple5 5: A TA a 0, B TB b 1, C TC c 2, D TD d 3, G TG g 4);
tuple!(Tuple6 6: A TA a 0, B TB b 1, C TC c 2, D TD d 3, G TG g 4, H TH h 5);
tuple!(Tuple7 7: A TA a 0, B TB b 1, C TC c 2, D TD d 3, G TG g 4, H TH h 5, I TI i 6);
tuple!(Tuple8 8: A TA a 0, B TB b 1, C TC c 2, D TD d 3, G TG g 4, H TH h 5, I TI i 6, J TJ j 7);
