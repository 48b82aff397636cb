//! A run: tasks cut into slices, each slice a job that is repeated when it is lost.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::address::Address;
use crate::frame::{self, Kind, MOST_BYTES, Stamp};
use crate::job::{Carrier, Trouble};
use crate::{Done, Error, NamedKernel, Settings};

/// Runs every task's bytes through the kernel on the cluster at `address`, and returns the answers in the order of the
/// tasks. Tasks are drawn as they are needed; `progress` hears after each slice.
///
/// Idempotent: every attempt at a slice carries the same stamps, and whichever attempt an answer came from, it is
/// taken once.
///
/// # Errors
/// Each says what happened and the remedy. No work is sent before an executor answered once; a scheduler that is not
/// there is said at once.
pub async fn run(
    address: &str,
    kernel: NamedKernel,
    tasks: impl Iterator<Item = Vec<u8>>,
    settings: &Settings,
    progress: impl Fn(Done),
) -> Result<Vec<Vec<u8>>, Error> {
    let run = Run {
        carrier: Carrier::new(Address::read(address)?, kernel, settings.without_executors),
        settings,
        id: *Uuid::now_v7().as_bytes(),
        answered: Cell::new(0),
        repeated: Cell::new(0),
    };
    let ended = timeout(settings.deadline, run.all(tasks, progress)).await;
    // What was given up is taken back, so that the cluster is free for others.
    run.carrier.left().await;
    match ended {
        Ok(ended) => ended,
        Err(_) => Err(Error::Deadline {
            within: settings.deadline,
            answered: run.answered.get(),
        }),
    }
}

struct Run<'s> {
    carrier: Carrier,
    settings: &'s Settings,
    id: [u8; 16],
    answered: Cell<usize>,
    repeated: Cell<usize>,
}

/// Bytes by the number of their task.
type ByNumber = BTreeMap<u64, Vec<u8>>;

/// Tasks of one job: their frames, and the answers so far.
struct Slice {
    frames: ByNumber,
    answers: ByNumber,
}

impl Run<'_> {
    async fn all(
        &self,
        tasks: impl Iterator<Item = Vec<u8>>,
        progress: impl Fn(Done),
    ) -> Result<Vec<Vec<u8>>, Error> {
        self.first_answer().await?;
        let mut tasks = (0u64..).zip(tasks).peekable();
        let mut answers: ByNumber = BTreeMap::new();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < self.settings.slices_at_once.max(1) {
                let Some(slice) = self.cut(&mut tasks)? else {
                    break;
                };
                under_way.push(self.slice(slice));
            }
            let Some(slice) = under_way.next().await else {
                break;
            };
            answers.extend(slice?);
            self.answered.set(answers.len());
            progress(Done {
                tasks: answers.len(),
                repeated: self.repeated.get(),
            });
        }
        Ok(answers.into_values().collect())
    }

    /// The next slice; `None` when there are no more tasks.
    fn cut(
        &self,
        tasks: &mut Peekable<impl Iterator<Item = (u64, Vec<u8>)>>,
    ) -> Result<Option<Slice>, Error> {
        let mut frames = BTreeMap::new();
        let mut bytes = 0;
        while frames.len() < self.settings.tasks_per_slice.max(1) {
            let most = self.settings.bytes_per_slice;
            let fits = |(_, task): &(u64, Vec<u8>)| bytes == 0 || bytes + task.len() <= most;
            let Some((number, task)) = tasks.next_if(fits) else {
                break;
            };
            if task.len() > MOST_BYTES {
                return Err(Error::TooLarge {
                    task: number,
                    bytes: task.len(),
                    most: MOST_BYTES,
                });
            }
            // An empty task counts too, or a slice of them would have no end of its own.
            bytes += task.len().max(1);
            frames.insert(number, frame::write(Kind::Task, self.stamp(number), &task));
        }
        let slice = Slice {
            frames,
            answers: BTreeMap::new(),
        };
        Ok((!slice.frames.is_empty()).then_some(slice))
    }

    fn stamp(&self, number: u64) -> Stamp {
        Stamp {
            run: self.id,
            number,
        }
    }

    /// All answers of a slice, after as many attempts as it may have.
    async fn slice(&self, mut slice: Slice) -> Result<ByNumber, Error> {
        let ends = |s: &Slice| Some((*s.frames.keys().next()?, *s.frames.keys().next_back()?));
        let (first, last) = ends(&slice).unwrap_or_default();
        let attempts = self.settings.attempts.max(1);
        let mut why = String::new();
        for attempt in 0..attempts {
            if attempt > 0 {
                self.repeated.set(self.repeated.get() + 1);
                tracing::warn!(first, last, attempt, %why, "a slice is tried again");
                sleep(pause(attempt)).await;
            }
            why = match self.attempt(&mut slice).await {
                Ok(()) => return Ok(slice.answers),
                Err(Trouble::Never(error)) => return Err(error),
                Err(Trouble::Unreachable(why)) => format!("the scheduler does not answer: {why}"),
                Err(Trouble::NoExecutors(why)) => format!("no executor: {why}"),
                Err(Trouble::Failed(why)) => why,
            };
        }
        Err(Error::GivenUp {
            first,
            last,
            attempts,
            why,
        })
    }

    /// One attempt at what of a slice is not answered yet.
    async fn attempt(&self, slice: &mut Slice) -> Result<(), Trouble> {
        let Slice { frames, answers } = slice;
        let open = frames.iter().filter(|(n, _)| !answers.contains_key(n));
        let open: Vec<&[u8]> = open.map(|(_, frame)| frame.as_slice()).collect();
        let job = self
            .carrier
            .attempt(&open, |bytes| self.take(frames, answers, bytes));
        let within = self.settings.slice_deadline;
        match timeout(within, job).await {
            Ok(ended) => ended?,
            Err(_) => return failed(&format!("no answer within {} s", within.as_secs())),
        }
        match frames.len() - answers.len() {
            0 => Ok(()),
            missing => failed(&format!("{missing} of its tasks were not answered")),
        }
    }

    /// Takes one answer, if it is right, belongs here and is the first of its task.
    fn take(&self, frames: &ByNumber, answers: &mut ByNumber, bytes: &[u8]) -> Result<(), Trouble> {
        let frame = match frame::read(bytes) {
            Ok(frame) => frame,
            Err(why) => return failed(&format!("an answer cannot be read: {why}")),
        };
        let number = frame.stamp.number;
        if frame.version != frame::VERSION {
            return Err(Trouble::Never(Error::Version {
                ours: frame::VERSION.to_owned(),
                theirs: frame.version.to_owned(),
            }));
        }
        if frame.stamp != self.stamp(number) || !frames.contains_key(&number) {
            return failed("an answer is of another run");
        }
        match frame.kind {
            Kind::Failure => Err(Trouble::Never(Error::Task {
                task: number,
                why: String::from_utf8_lossy(frame.payload).into_owned(),
            })),
            Kind::Answer if answers.contains_key(&number) => {
                failed(&format!("task {number} was answered twice"))
            }
            Kind::Answer => {
                answers.insert(number, frame.payload.to_vec());
                Ok(())
            }
            Kind::Ping | Kind::Task => failed("an answer is a task"),
        }
    }

    /// Waits until an executor has answered a task that is none, so that a cluster without executors, or of another
    /// version, is known before any work is sent. Executors that are only busy are waited for.
    async fn first_answer(&self) -> Result<(), Error> {
        let ping = frame::write(Kind::Ping, self.stamp(0), &[]);
        let mut slice = Slice {
            frames: ByNumber::from([(0, ping)]),
            answers: ByNumber::new(),
        };
        let address = self.carrier.scheduler.to_string();
        let mut last = String::new();
        for attempt in 0..self.settings.attempts.max(1) {
            if attempt > 0 {
                sleep(pause(attempt)).await;
            }
            last = match self.attempt(&mut slice).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Never(error)) => return Err(error),
                Err(Trouble::Unreachable(why)) => return Err(Error::NoScheduler { address, why }),
                Err(Trouble::NoExecutors(why)) => return Err(Error::NoExecutor { address, why }),
                Err(Trouble::Failed(why)) => why,
            };
        }
        Err(Error::NoExecutor { address, why: last })
    }
}

/// What another attempt may mend.
fn failed(why: &str) -> Result<(), Trouble> {
    Err(Trouble::Failed(why.to_owned()))
}

/// The pause before an attempt: what was lost may be starting again.
fn pause(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.clamp(1, 4))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KERNEL: NamedKernel = NamedKernel {
        name: "none",
        kernel: |_| Ok(Vec::new()),
    };

    fn with_run<T>(settings: &Settings, test: impl FnOnce(&Run<'_>) -> T) -> T {
        test(&Run {
            carrier: Carrier::new(
                Address::read("127.0.0.1:1").unwrap(),
                KERNEL,
                Duration::ZERO,
            ),
            settings,
            id: [9; 16],
            answered: Cell::new(0),
            repeated: Cell::new(0),
        })
    }

    fn text(taken: Result<(), Trouble>) -> String {
        match taken {
            Ok(()) => "taken".to_owned(),
            Err(Trouble::Failed(why)) => format!("again: {why}"),
            Err(Trouble::Never(error)) => format!("never: {error}"),
            Err(other) => format!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn slices_hold_every_task_once_in_order_within_their_bounds(
            sizes in prop::collection::vec(0..40usize, 0..60),
            tasks_per_slice in 0..9usize,
            bytes_per_slice in 0..60usize,
        ) {
            let settings = Settings { tasks_per_slice, bytes_per_slice, ..Settings::default() };
            with_run(&settings, |run| {
                let tasks = sizes.iter().map(|size| vec![1; *size]);
                let mut tasks = (0u64..).zip(tasks).peekable();
                let mut next = 0;
                while let Some(slice) = run.cut(&mut tasks).unwrap() {
                    prop_assert!((1..=tasks_per_slice.max(1)).contains(&slice.frames.len()));
                    let mut bytes = 0;
                    for (number, frame) in &slice.frames {
                        let frame = frame::read(frame).unwrap();
                        prop_assert_eq!(*number, next);
                        prop_assert_eq!(frame.stamp, run.stamp(next));
                        prop_assert_eq!(frame.payload.len(), sizes[next as usize]);
                        bytes += frame.payload.len();
                        next += 1;
                    }
                    prop_assert!(bytes <= bytes_per_slice || slice.frames.len() == 1);
                }
                prop_assert_eq!(next as usize, sizes.len());
                Ok(())
            })?;
        }
    }

    #[test]
    fn an_answer_is_taken_once_and_only_where_it_belongs() {
        let settings = Settings::default();
        with_run(&settings, |run| {
            let frames = ByNumber::from([(4, Vec::new())]);
            let mut answers = ByNumber::new();
            let mut take = |kind, stamp, payload: &[u8]| {
                text(run.take(&frames, &mut answers, &frame::write(kind, stamp, payload)))
            };
            let ours = run.stamp(4);
            let strange = Stamp {
                run: [8; 16],
                number: 4,
            };
            assert_eq!(
                take(Kind::Answer, strange, b"x"),
                "again: an answer is of another run"
            );
            assert_eq!(
                take(Kind::Answer, run.stamp(5), b"x"),
                "again: an answer is of another run"
            );
            assert_eq!(take(Kind::Task, ours, b"x"), "again: an answer is a task");
            assert_eq!(take(Kind::Answer, ours, b"right"), "taken");
            assert_eq!(
                take(Kind::Answer, ours, b"x"),
                "again: task 4 was answered twice"
            );
            assert!(
                take(Kind::Failure, ours, b"why")
                    .starts_with("never: task 4 failed on an executor: why.")
            );
            assert_eq!(answers, ByNumber::from([(4, b"right".to_vec())]));
            let other = frame::write_as("0.0.9", Kind::Failure, ours, b"it was sent by another");
            let other = text(run.take(&frames, &mut answers, &other));
            assert!(
                other.starts_with("never: an executor runs version 0.0.9"),
                "{other}"
            );
            let broken = run.take(&frames, &mut answers, b"broken");
            assert!(text(broken).starts_with("again: an answer cannot be read"));
        });
    }

    #[test]
    fn a_task_beyond_all_messages_is_refused() {
        with_run(&Settings::default(), |run| {
            let task = vec![0; MOST_BYTES + 1];
            let mut tasks = [(7, task)].into_iter().peekable();
            let error = run.cut(&mut tasks).err().unwrap();
            assert!(matches!(error, Error::TooLarge { task: 7, .. }), "{error}");
        });
    }
}
