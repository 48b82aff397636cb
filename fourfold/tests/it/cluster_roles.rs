//! `fourfold cluster` as an operator meets it: started, told to stop, and told no. What a cluster does with work is
//! tested in `cluster/tests`.

use std::process::{Command, Output};

fn fourfold(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fourfold"))
        .arg("cluster")
        .args(arguments)
        .output()
        .unwrap()
}

/// Refused: exit 2, with the reason and the remedy on standard error.
fn refused(arguments: &[&str], says: &[&str]) {
    let ended = fourfold(arguments);
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(2), "{told}");
    assert!(says.iter().all(|word| told.contains(word)), "{told}");
}

#[cfg(not(feature = "cluster"))]
#[test]
fn a_build_without_the_cluster_says_so() {
    let remedy = "this build has no cluster support; build with --features cluster";
    refused(&["scheduler"], &[remedy]);
    refused(&["executor", "--scheduler", "127.0.0.1:50050"], &[remedy]);
}

#[cfg(feature = "cluster")]
mod roles {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, ChildStdout, Command, Stdio};

    use super::refused;

    struct Role {
        child: Child,
        /// Held open for the process to write to.
        _output: BufReader<ChildStdout>,
        /// What it said when it was ready.
        said: String,
    }

    impl Role {
        fn start(arguments: &[&str]) -> Role {
            let mut child = Command::new(env!("CARGO_BIN_EXE_fourfold"))
                .arg("cluster")
                .args(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut said = String::new();
            output.read_line(&mut said).unwrap();
            Role {
                child,
                _output: output,
                said,
            }
        }

        fn address(&self) -> &str {
            let words: Vec<&str> = self.said.split_whitespace().collect();
            let at = words.iter().position(|w| *w == "at").expect(&self.said);
            words[at + 1]
        }

        /// Sends a signal; the exit code.
        fn told(&mut self, signal: &str) -> Option<i32> {
            let id = self.child.id().to_string();
            assert!(
                Command::new("kill")
                    .args([signal, &id])
                    .status()
                    .unwrap()
                    .success()
            );
            self.child.wait().unwrap().code()
        }
    }

    impl Drop for Role {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn both_roles_start_and_stop_when_told() {
        let folder = tempfile::tempdir().unwrap();
        for signal in ["-TERM", "-INT"] {
            let mut scheduler = Role::start(&["scheduler", "--listen", "127.0.0.1:0"]);
            let address = scheduler.address().to_owned();
            let work_dir = folder.path().to_str().unwrap();
            let arguments = [
                "executor",
                "--scheduler",
                &address,
                "--listen",
                "127.0.0.1:0",
                "--slots",
                "1",
                "--work-dir",
                work_dir,
            ];
            let mut executor = Role::start(&arguments);
            assert!(executor.said.contains(&address), "{}", executor.said);
            assert_eq!(std::fs::read_dir(work_dir).unwrap().count(), 1);
            assert_eq!(executor.told(signal), Some(0));
            assert_eq!(std::fs::read_dir(work_dir).unwrap().count(), 0);
            assert_eq!(scheduler.told(signal), Some(0));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_remedy() {
        let scheduler = Role::start(&["scheduler", "--listen", "127.0.0.1:0"]);
        let taken = scheduler.address();
        refused(
            &["scheduler", "--listen", taken],
            &[taken, "in use", "--listen"],
        );
        let executor = ["executor", "--scheduler", taken];
        let with = |more: [&'static str; 2]| [&executor[..], &more].concat();
        let listen = [&executor[..], &["--listen", taken]].concat();
        refused(&listen, &[taken, "in use", "--listen"]);
        let nowhere = ["--work-dir", "/not/there"];
        refused(&with(nowhere), &["/not/there", "--work-dir"]);
        refused(
            &["executor", "--scheduler", "10.1.2.3:50050"],
            &["10.1.2.3:50050", "--listen"],
        );
        refused(
            &["executor", "--scheduler", "nonsense"],
            &["nonsense", "HOST:PORT"],
        );
    }
}
