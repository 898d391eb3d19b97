//! The bodies that are sent.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The page of the embedded server.
const TEXT: &[u8] = &[b'.'; 2048];

/// Sends a page, whole, in part or not at all.
#[derive(Debug, Default)]
pub struct Page {
    left: Bytes,
    /// How many bytes are announced and never come.
    withheld: u64,
}

/// Says that the embedded server breaks a connection on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken on purpose")
    }
}

impl std::error::Error for Broken {}

impl Page {
    /// Makes one that is sent whole.
    #[must_use]
    pub const fn whole() -> Self {
        Self {
            left: Bytes::from_static(TEXT),
            withheld: 0,
        }
    }

    /// Makes one that breaks in the middle.
    #[must_use]
    pub fn truncated() -> Self {
        let (sent, withheld) = TEXT.split_at(TEXT.len() / 2);
        Self {
            left: Bytes::from_static(sent),
            withheld: withheld.len() as u64,
        }
    }
}

impl Body for Page {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let left = std::mem::take(&mut self.left);
        Poll::Ready(match (left.is_empty(), self.withheld) {
            (false, _) => Some(Ok(Frame::data(left))),
            (true, 0) => None,
            (true, _) => Some(Err(Broken)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.withheld == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64 + self.withheld)
    }
}
