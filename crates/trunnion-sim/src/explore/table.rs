//! The table of a run: a column for each task, a row for each step.

use core::fmt::{self, Write as _};
use core::time::Duration;

use crate::trace::{Event, Trace};

/// Columns beyond this many characters make a list of the table.
const WIDTH: usize = 150;

/// A longer table has the first rows, and the last.
const ROWS: [usize; 2] = [40, 120];

/// Draws what each task did, step by step; time is in the first column.
pub(super) fn table(trace: &Trace) -> String {
    let mut steps = Steps::default();
    for event in trace.events() {
        steps.add(*event);
    }
    steps.cut();
    let mut text = legend(trace);
    let (total, kept) = (trace.total(), trace.events().len());
    if usize::try_from(total) != Ok(kept) {
        append(
            &mut text,
            format_args!("  (the last {kept} of {total} events)\n"),
        );
    }
    text.push_str(&steps.draw());
    text
}

/// Names the tasks, and where they come from.
fn legend(trace: &Trace) -> String {
    let mut text = String::new();
    for event in trace.begun() {
        let (number, verb, place) = match event {
            Event::Root(number, place) => (*number, "test, run", place),
            Event::Spawn(number, place) => (*number, "task, spawned", place),
            Event::Job(number, place) => (*number, "blocking closure, spawned", place),
            _ => continue,
        };
        let name = trace.name(number).map(|name| format!(" `{name}`"));
        let _infallible = writeln!(
            text,
            "  {number}{}: {verb} at {place}",
            name.unwrap_or_default()
        );
    }
    text
}

/// What happened in one step, by the task that took it; without one it was time, or the end.
struct Row {
    at: Option<u64>,
    task: Option<u64>,
    text: String,
}

#[derive(Default)]
struct Steps {
    rows: Vec<Row>,
    tasks: Vec<u64>,
    /// The task whose step it is, also after time has passed within the step.
    running: Option<u64>,
}

impl Steps {
    fn add(&mut self, event: Event) {
        match event {
            Event::Root(number, _) => self.meet(number),
            Event::Spawn(number, _) | Event::Job(number, _) => {
                self.meet(number);
                self.note(&format!("spawns {number}"));
            }
            Event::Poll(number) => {
                self.running = Some(number);
                self.begin(None, Some(number), "runs");
            }
            Event::Wake(number) => self.wake(number),
            Event::Done(_) => {
                self.note("ends");
                self.running = None;
            }
            Event::Drop(number) => {
                self.running = None;
                self.begin(None, Some(number), "is dropped");
            }
            Event::TimerSet(_, at) => {
                self.note(&format!("sleeps until {:?}", Duration::from_nanos(at)));
            }
            Event::TimerGone(_) => self.note("drops a sleep"),
            Event::TimerFired(_) => {}
            Event::Advance(at) => self.begin(Some(at), None, "time passes"),
            Event::Jump(at) | Event::Spin(at) => {
                self.running = None;
                self.begin(Some(at), None, "time passes");
            }
            Event::Settled => {
                self.running = None;
                self.begin(None, None, "nothing is runnable");
            }
            Event::Hold => self.note("holds the clock"),
            Event::Release => self.note("lets go of the clock"),
            Event::Shutdown => {
                self.running = None;
                self.begin(None, None, "the end");
            }
            Event::Fault(what, 0) => self.note(&format!("FAULT: {what}")),
            Event::Fault(what, by) => {
                self.note(&format!("FAULT: {what} by {:?}", Duration::from_nanos(by)));
            }
            Event::Choice(label, nth) => self.note(&format!("{label}: {nth}")),
            Event::Spurious(number) => self.note(&format!("FAULT: {number} is woken")),
            Event::Burn(nanos) => self.note(&format!("burns {:?}", Duration::from_nanos(nanos))),
            Event::Wall => self.note("the wall clock jumps"),
        }
    }

    /// Gives a task a column; the event of its spawn may be gone, and only its place be known.
    fn meet(&mut self, number: u64) {
        if let Err(at) = self.tasks.binary_search(&number) {
            self.tasks.insert(at, number);
        }
    }

    /// Leaves out what is in the middle of many rows.
    fn cut(&mut self) {
        let [first, last] = ROWS;
        let Some(left_out) = self.rows.len().checked_sub(first + last) else {
            return;
        };
        if left_out > 1 {
            let row = Row {
                at: None,
                task: None,
                text: format!("{left_out} steps are left out"),
            };
            self.rows.splice(first..first + left_out, [row]);
        }
    }

    fn begin(&mut self, at: Option<u64>, task: Option<u64>, text: &str) {
        if let Some(number) = task {
            self.meet(number);
        }
        let text = text.to_owned();
        self.rows.push(Row { at, task, text });
    }

    fn wake(&mut self, number: u64) {
        if self.running == Some(number) {
            self.note("wakes itself");
        } else {
            self.note(&format!("wakes {number}"));
        }
    }

    fn note(&mut self, text: &str) {
        let elsewhere = self.rows.last().is_none_or(|row| row.task != self.running);
        if self.running.is_some() && elsewhere {
            self.begin(None, self.running, "goes on");
        }
        match self.rows.last_mut() {
            Some(row) => {
                row.text.push_str(", ");
                row.text.push_str(text);
            }
            None => self.begin(None, None, text),
        }
    }

    fn draw(&self) -> String {
        let widths: Vec<usize> = self.tasks.iter().map(|task| self.width(*task)).collect();
        let total: usize = widths.iter().map(|width| width + 3).sum();
        let wide = total > WIDTH;
        let mut text = String::new();
        if !wide {
            self.draw_head(&widths, &mut text);
        }
        for row in &self.rows {
            let time = row.at.map(|at| format!("{:?}", Duration::from_nanos(at)));
            append(&mut text, format_args!("{:>10}", time.unwrap_or_default()));
            match row.task {
                None => append(&mut text, format_args!(" | -- {} --", row.text)),
                Some(task) if wide => append(&mut text, format_args!(" | {task} {}", row.text)),
                Some(task) => self.draw_cells(task, row, &widths, &mut text),
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    fn draw_head(&self, widths: &[usize], text: &mut String) {
        append(text, format_args!("{:>10}", "time"));
        for (task, width) in self.tasks.iter().zip(widths) {
            append(text, format_args!(" | {task:<width$}"));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }

    fn draw_cells(&self, task: u64, row: &Row, widths: &[usize], text: &mut String) {
        for (column, width) in self.tasks.iter().zip(widths) {
            let cell = if *column == task {
                row.text.as_str()
            } else {
                ""
            };
            append(text, format_args!(" | {cell:<width$}"));
        }
    }

    fn width(&self, task: u64) -> usize {
        let own = self.rows.iter().filter(|row| row.task == Some(task));
        own.map(|row| row.text.len()).max().unwrap_or(0).max(2)
    }
}

fn append(text: &mut String, what: fmt::Arguments<'_>) {
    let _infallible = text.write_fmt(what);
}
