//! The product as processes of its own, as it runs for real: started, heard, ended with their owner.

use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use sealing::PublicKey;

/// A folder that goes with its owner.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Result<Scratch> {
        let folder = format!("fourfold-bench-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder)?;
        Ok(Scratch(folder))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind in the temporary folder harms nothing.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that is killed when its owner lets it go.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts a command of this very program and waits for the line that says where it is.
    fn start(mut command: Command) -> Result<Running> {
        let child = command
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .context("it did not start")?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        // Owned from here on: whatever goes wrong, it is not left behind.
        let mut running = Running {
            child,
            address: nowhere,
        };
        let said = running.child.stdout.take().context("it says nothing")?;
        for line in std::io::BufReader::new(said).lines() {
            if let Some((_, address)) = line?.split_once("http://") {
                running.address = address.trim().parse()?;
                return Ok(running);
            }
        }
        anyhow::bail!("it ended before it said where it is")
    }

    /// The public side behind a proxy of ours; on one processor alone where that is asked for.
    pub fn portal(drop_box: &Path, key: &PublicKey, one_core: bool) -> Result<Running> {
        let program = std::env::current_exe()?;
        let mut command = if one_core {
            let mut bound = Command::new("taskset");
            bound.args(["-c", "0"]).arg(program);
            bound
        } else {
            Command::new(program)
        };
        command
            .args(["portal", "--behind-proxy", "--listen", "127.0.0.1:0"])
            .arg("--key")
            .arg(key.to_string())
            .arg("--box")
            .arg(drop_box);
        Running::start(command).context("the portal")
    }

    /// The inside, on a data folder with a box in it.
    pub fn serve(data: &Path) -> Result<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"]);
        Running::start(command).context("serve")
    }
}
