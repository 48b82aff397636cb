#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

//! A scheduler and executors as processes of their own, on loopback, and what a run makes of their deaths.
//!
//! The processes are this test program again: [`a_role_of_the_cluster`] is the one test they run. They end when their
//! standard input does, so none outlives the test that started it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use cluster::{Done, Error, ExecutorRole, Kernel, NamedKernel, SchedulerRole, Settings};

/// Longer than the five seconds after which a busy executor speaks.
const EXECUTOR_TIMEOUT: Duration = Duration::from_secs(8);

const SORT: NamedKernel = NamedKernel {
    name: "sort_numbers",
    kernel: sort_numbers,
};

/// The numbers of a task, after its delay in milliseconds, in order; then which process it was.
fn sort_numbers(task: &[u8]) -> Result<Vec<u8>, String> {
    // Where a test wants to know, each task that begins leaves a byte.
    if let Ok(begun) = std::env::var("CLUSTER_BEGUN") {
        let file = std::fs::File::options().append(true).open(begun);
        file.and_then(|mut f| f.write_all(b"."))
            .map_err(|e| e.to_string())?;
    }
    let mut answer = sorted(task)?;
    answer.extend(std::process::id().to_le_bytes());
    Ok(answer)
}

fn sorted(task: &[u8]) -> Result<Vec<u8>, String> {
    let (delay, numbers) = task.split_first_chunk().ok_or("no delay")?;
    std::thread::sleep(Duration::from_millis(u64::from(u16::from_le_bytes(*delay))));
    match numbers {
        b"refuse" => return Err("it is no list of numbers".to_owned()),
        b"stop" => panic!("at the word stop"),
        _ => {}
    }
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    Ok(numbers)
}

fn task(delay_ms: u16, numbers: &[u8]) -> Vec<u8> {
    [&delay_ms.to_le_bytes(), numbers].concat()
}

fn tasks(count: u8, delay_ms: u16) -> Vec<Vec<u8>> {
    let numbers = |n: u8| {
        (0..200)
            .map(move |i: u8| i.wrapping_mul(37).wrapping_add(n))
            .collect::<Vec<_>>()
    };
    (0..count).map(|n| task(delay_ms, &numbers(n))).collect()
}

/// What one process would answer.
fn locally(tasks: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let now = |t: &Vec<u8>| sorted(&task(0, &t[2..])).unwrap();
    tasks.iter().map(now).collect()
}

/// The answers without the process that gave each, and those processes.
fn apart(answers: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, BTreeSet<u32>) {
    let cut = |answer: Vec<u8>| {
        let (numbers, process) = answer.split_last_chunk().unwrap();
        (numbers.to_vec(), u32::from_le_bytes(*process))
    };
    answers.into_iter().map(cut).unzip()
}

/// A role in a process of its own, killed when it is dropped.
struct Role {
    child: Child,
    /// Held open, since the process ends badly when it cannot write.
    _output: BufReader<ChildStdout>,
    /// Where an executor works: killed, it removes nothing itself.
    folder: TempDir,
    address: SocketAddr,
}

impl Role {
    fn start(role: &str, listen: &str, variables: &[(&str, &str)]) -> Role {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "a_role_of_the_cluster",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .envs([("CLUSTER_ROLE", role), ("CLUSTER_LISTEN", listen)])
            .env("CLUSTER_WORK_DIR", folder.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let address = output.by_ref().lines().find_map(|line| {
            let line = line.unwrap();
            Some(line.split_once("ready at ")?.1.parse().unwrap())
        });
        let Some(address) = address else {
            let ended = child.wait().unwrap();
            panic!("the {role} ended before it was ready: {ended}");
        };
        Role {
            child,
            _output: output,
            folder,
            address,
        }
    }

    fn scheduler() -> Role {
        Role::start("scheduler", "127.0.0.1:0", &[])
    }

    /// An executor of two slots, known to the scheduler.
    fn executor(scheduler: &Role) -> Role {
        Role::executor_told(scheduler, &[])
    }

    fn executor_told(scheduler: &Role, more: &[(&str, &str)]) -> Role {
        let address = scheduler.address.to_string();
        let first = ("CLUSTER_SCHEDULER", address.as_str());
        let variables: Vec<_> = [first].iter().chain(more).copied().collect();
        Role::start("executor", "127.0.0.1:0", &variables)
    }

    /// SIGKILL, and nothing of the process is left.
    fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Not a test: what the processes of the tests run.
#[test]
#[ignore = "the other tests start it in processes of its own"]
fn a_role_of_the_cluster() {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let listen = variable("CLUSTER_LISTEN").parse().unwrap();
    let ready = |address: SocketAddr| println!("ready at {address}");
    let stop = async {
        let input_ends = || std::io::stdin().read_to_end(&mut Vec::new());
        let _ = tokio::task::spawn_blocking(input_ends).await;
    };
    let ended = match variable("CLUSTER_ROLE").as_str() {
        "scheduler" => {
            let executor_timeout = EXECUTOR_TIMEOUT;
            cluster::scheduler(
                &SchedulerRole {
                    listen,
                    executor_timeout,
                },
                &[SORT],
                ready,
                stop,
            )
        }
        "executor" => {
            let role = ExecutorRole {
                slots: Some(2),
                work_dir: Some(variable("CLUSTER_WORK_DIR").into()),
                grace: Duration::from_secs(2),
                ..ExecutorRole::new(&variable("CLUSTER_SCHEDULER"), listen)
            };
            cluster::executor(&role, &[SORT], ready, stop)
        }
        other => panic!("{other:?} is no role"),
    };
    ended.unwrap();
}

/// Small slices and short patience, within minutes that a busy machine may need.
fn settings() -> Settings {
    Settings {
        deadline: Duration::from_secs(120),
        slice_deadline: Duration::from_secs(60),
        without_executors: Duration::from_secs(5),
        attempts: 3,
        tasks_per_slice: 8,
        bytes_per_slice: 64 << 20,
        slices_at_once: 2,
    }
}

fn run_to(
    scheduler: &Role,
    kernel: NamedKernel,
    tasks: &[Vec<u8>],
    settings: &Settings,
    progress: impl Fn(Done),
) -> Result<Vec<Vec<u8>>, Error> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = scheduler.address.to_string();
    runtime.block_on(cluster::run(
        &address,
        kernel,
        tasks.iter().cloned(),
        settings,
        progress,
    ))
}

/// Runs tasks, and calls `then` once when at least `after` are answered.
fn run_and(
    scheduler: &Role,
    tasks: &[Vec<u8>],
    settings: &Settings,
    after: usize,
    then: impl FnOnce(),
) -> Result<Vec<Vec<u8>>, Error> {
    let then = Mutex::new(Some(then));
    run_to(scheduler, SORT, tasks, settings, |done| {
        if done.tasks >= after
            && let Some(then) = then.lock().unwrap().take()
        {
            then();
        }
    })
}

#[test]
fn answers_come_in_order_from_all_executors() {
    let scheduler = Role::scheduler();
    let executors = [Role::executor(&scheduler), Role::executor(&scheduler)];
    let tasks = tasks(64, 50);
    let said = Mutex::new(Vec::new());
    let answers = run_to(&scheduler, SORT, &tasks, &settings(), |done| {
        said.lock().unwrap().push(done)
    });
    let (answers, by) = apart(answers.unwrap());
    assert_eq!(answers, locally(&tasks));
    assert_eq!(by, executors.iter().map(|e| e.child.id()).collect());
    let said = said.into_inner().unwrap();
    let told: Vec<usize> = said.iter().map(|done| done.tasks).collect();
    assert_eq!(told, [8, 16, 24, 32, 40, 48, 56, 64]);
    assert!(said.iter().all(|done| done.repeated == 0), "{said:?}");
}

#[test]
fn a_run_outlives_an_executor() {
    let scheduler = Role::scheduler();
    let mut lost = Role::executor(&scheduler);
    let _stays = Role::executor(&scheduler);
    let tasks = tasks(64, 200);
    let answers = run_and(&scheduler, &tasks, &settings(), 16, || lost.kill());
    assert_eq!(apart(answers.unwrap()).0, locally(&tasks));
}

#[test]
fn a_run_outlives_all_executors_when_another_comes() {
    let scheduler = Role::scheduler();
    let mut lost = [Role::executor(&scheduler), Role::executor(&scheduler)];
    let tasks = tasks(32, 300);
    let mut other = None;
    let answers = run_and(&scheduler, &tasks, &settings(), 8, || {
        lost.iter_mut().for_each(Role::kill);
        other = Some(Role::executor(&scheduler));
    });
    assert_eq!(apart(answers.unwrap()).0, locally(&tasks));
}

#[test]
fn a_run_without_executors_left_ends_with_an_error() {
    let scheduler = Role::scheduler();
    let mut lost = [Role::executor(&scheduler), Role::executor(&scheduler)];
    let settings = Settings {
        attempts: 2,
        ..settings()
    };
    let started = Instant::now();
    let ended = run_and(&scheduler, &tasks(32, 300), &settings, 8, || {
        lost.iter_mut().for_each(Role::kill);
    });
    let error = ended.unwrap_err();
    assert!(
        matches!(error, Error::GivenUp { attempts: 2, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("See that executors are running"),
        "{error}"
    );
    assert!(started.elapsed() < settings.deadline);
}

#[test]
fn a_run_outlives_its_scheduler_when_it_comes_back() {
    let scheduler = Arc::new(Mutex::new(Role::scheduler()));
    let (first, address) = {
        let scheduler = scheduler.lock().unwrap();
        (Role::executor(&scheduler), scheduler.address.to_string())
    };
    let tasks = tasks(32, 300);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = settings();
    let again = std::cell::Cell::new(false);
    let ended = runtime.block_on(cluster::run(
        &address,
        SORT,
        tasks.iter().cloned(),
        &settings,
        |done| {
            if done.tasks >= 8 && !again.replace(true) {
                let mut scheduler = scheduler.lock().unwrap();
                scheduler.kill();
                *scheduler = Role::start("scheduler", &address, &[]);
            }
        },
    ));
    assert_eq!(apart(ended.unwrap()).0, locally(&tasks));
    drop(first);
}

#[test]
fn a_task_the_kernel_refuses_is_named_and_not_repeated() {
    let scheduler = Role::scheduler();
    let _executor = Role::executor(&scheduler);
    for (word, why) in [
        ("refuse", "it is no list of numbers"),
        ("stop", "it stopped: at the word stop"),
    ] {
        let mut tasks = tasks(32, 0);
        tasks[21] = task(0, word.as_bytes());
        let repeated = Mutex::new(0);
        let ended = run_to(&scheduler, SORT, &tasks, &settings(), |done| {
            *repeated.lock().unwrap() = done.repeated;
        });
        let why = why.to_owned();
        assert_eq!(ended, Err(Error::Task { task: 21, why }));
        assert_eq!(repeated.into_inner().unwrap(), 0);
    }
}

#[test]
fn a_scheduler_that_is_not_there_is_said_at_once() {
    let mut gone = Role::scheduler();
    gone.kill();
    let ended = run_to(&gone, SORT, &tasks(4, 0), &settings(), |_| {});
    let error = ended.unwrap_err();
    assert!(matches!(error, Error::NoScheduler { .. }), "{error}");
    assert!(
        error.to_string().contains("fourfold cluster scheduler"),
        "{error}"
    );
}

#[test]
fn a_cluster_without_executors_is_said_before_any_work() {
    let scheduler = Role::scheduler();
    let settings = settings();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let none = std::iter::from_fn(|| panic!("a task was drawn"));
    let address = scheduler.address.to_string();
    let ended = runtime.block_on(cluster::run(&address, SORT, none, &settings, |_| {}));
    let error = ended.unwrap_err();
    assert!(matches!(error, Error::NoExecutor { .. }), "{error}");
    assert!(
        error.to_string().contains("fourfold cluster executor"),
        "{error}"
    );
}

#[test]
fn a_kernel_the_cluster_does_not_know_is_refused() {
    let scheduler = Role::scheduler();
    let _executor = Role::executor(&scheduler);
    let kernel: Kernel = sort_numbers;
    let name = "another_version";
    let ended = run_to(
        &scheduler,
        NamedKernel { name, kernel },
        &tasks(4, 0),
        &settings(),
        |_| {},
    );
    let error = ended.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert!(error.to_string().contains(name), "{error}");
}

/// Far beyond the 16 MiB a message of the engine has by itself, both ways.
#[test]
fn large_tasks_and_answers_arrive_whole() {
    let scheduler = Role::scheduler();
    let _executor = Role::executor(&scheduler);
    let large = |n: u8| task(0, &vec![n; 40 << 20]);
    let tasks: Vec<Vec<u8>> = (0..3).map(large).collect();
    let answers = run_to(&scheduler, SORT, &tasks, &settings(), |_| {});
    let (answers, _) = apart(answers.unwrap());
    assert!(answers.iter().zip(&tasks).all(|(a, t)| *a == t[2..]));
    assert_eq!(answers.len(), tasks.len());
}

#[test]
fn a_run_ends_at_its_deadline_and_gives_the_cluster_free() {
    let begun = tempfile::NamedTempFile::new().unwrap();
    let scheduler = Role::scheduler();
    let told = [("CLUSTER_BEGUN", begun.path().to_str().unwrap())];
    let _executor = Role::executor_told(&scheduler, &told);
    let settings = Settings {
        deadline: Duration::from_secs(6),
        tasks_per_slice: 250,
        ..settings()
    };
    // Two minutes of work for two slots.
    let ended = run_to(&scheduler, SORT, &tasks(250, 1_000), &settings, |_| {});
    assert!(matches!(ended, Err(Error::Deadline { .. })), "{ended:?}");
    // Those under way end; from then on nothing begins, though nearly all were waiting.
    let look = || {
        std::thread::sleep(Duration::from_secs(4));
        begun.as_file().metadata().unwrap().len()
    };
    let (first, second) = (look(), look());
    assert!((1..250).contains(&first), "{first} tasks had begun");
    assert_eq!(first, second, "tasks went on beginning");
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|e| e.unwrap().path());
    paths
        .flat_map(|p| if p.is_dir() { files(&p) } else { vec![p] })
        .collect()
}

#[test]
fn answers_do_not_stay_on_executors() {
    let scheduler = Role::scheduler();
    let mut executor = Role::executor(&scheduler);
    let folder = executor.folder.path().to_owned();
    let most = Mutex::new(0);
    run_to(&scheduler, SORT, &tasks(32, 0), &settings(), |_| {
        let mut most = most.lock().unwrap();
        *most = files(&folder).len().max(*most);
    })
    .unwrap();
    assert!(
        most.into_inner().unwrap() > 0,
        "no answer was ever seen in {folder:?}"
    );
    let soon = Instant::now() + Duration::from_secs(30);
    while !files(&folder).is_empty() {
        assert!(Instant::now() < soon, "{:?}", files(&folder));
        std::thread::sleep(Duration::from_millis(100));
    }
    // Told to stop, it removes its folder too.
    drop(executor.child.stdin.take());
    assert!(executor.child.wait().unwrap().success());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}
