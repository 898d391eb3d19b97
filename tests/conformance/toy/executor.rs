//! An executor that knows nothing of trunnion: one thread that takes futures from a queue, with the standard library only.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Message {
    Start(Task),
    Wake(u64),
    End,
}

/// Gives futures to the thread.
#[derive(Clone)]
pub(crate) struct Spawner(Sender<Message>);

impl Spawner {
    /// Runs `task` to its end; drops it when the pool has ended.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.0.send(Message::Start(Box::pin(task))));
    }
}

/// Owns the thread; dropping it ends the thread and drops all tasks.
pub(crate) struct Pool {
    pub(crate) spawner: Spawner,
    thread: Option<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn start() -> Self {
        let (sender, messages) = channel();
        let spawner = Spawner(sender);
        let queue = spawner.clone();
        Self {
            thread: Some(thread::spawn(move || work(&messages, &queue))),
            spawner,
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.spawner.0.send(Message::End));
        let elsewhere = |thread: &JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(elsewhere) {
            drop(thread.join());
        }
    }
}

/// The waker of one task.
struct Turn {
    task: u64,
    queued: AtomicBool,
    queue: Spawner,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            drop(self.queue.0.send(Message::Wake(self.task)));
        }
    }
}

fn work(messages: &Receiver<Message>, queue: &Spawner) {
    let mut tasks = HashMap::new();
    for number in 0.. {
        let turn = match messages.recv() {
            Ok(Message::Start(task)) => {
                let turn = Turn {
                    task: number,
                    queued: AtomicBool::new(true),
                    queue: queue.clone(),
                };
                tasks.insert(number, (task, Arc::new(turn)));
                number
            }
            Ok(Message::Wake(number)) => number,
            Ok(Message::End) | Err(_) => return,
        };
        let Some((task, waker)) = tasks.get_mut(&turn) else {
            continue;
        };
        waker.queued.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(waker));
        if let Poll::Ready(()) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            tasks.remove(&turn);
        }
    }
}
