//! Programs of other languages that tests run beside ours; scripts fetch them before.

use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Once, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// A server that does not listen after so long never does.
const PATIENCE: Duration = Duration::from_secs(120);

/// The folder below cargo's target folder that a script prepared for a program. Where one of them is not there, tests
/// have nothing to run: they say so in one line and pass, but not in a pipeline.
#[track_caller]
pub(crate) fn folder(name: &str, script: &str, program: &str) -> Option<PathBuf> {
    static TOLD: Once = Once::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join(name);
    let runs = || Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if folder.join("ready").is_file() && runs() {
        return Some(folder);
    }
    let why = format!("not tested: it takes {program}, and {}, which {script} makes", folder.display());
    assert!(env::var_os("CI").is_none_or(|value| value.is_empty()), "{why}");
    // Written past the test harness, which keeps to itself what a test prints that passes.
    TOLD.call_once(|| io::stderr().write_all(format!("{why}\n").as_bytes()).unwrap());
    None
}

/// A server that runs until the test process ends, however it does.
pub(crate) struct Beside {
    /// What it says, and after which words it says its address.
    log: PathBuf,
    before_address: &'static str,
    url: OnceLock<String>,
    watched: Child,
}

impl Beside {
    /// Starts a server that chooses a free port itself, so that no other can take it.
    pub(crate) fn start(log: &Path, before_address: &'static str, command: &Command) -> Beside {
        // The shell's own input ends with the test process.
        let script = "\"$@\" & child=$!; cat; kill $child";
        let said = File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "sh"]).arg(command.get_program()).args(command.get_args());
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::piped()).stdout(said.try_clone().unwrap()).stderr(said);
        let watched = shell.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Beside { log: log.to_owned(), before_address, url: OnceLock::new(), watched }
    }

    /// Its address, without a slash at the end, once it listens.
    pub(crate) fn url(&self) -> &str {
        self.url.get_or_init(|| {
            let started = Instant::now();
            loop {
                let said = fs::read_to_string(&self.log).unwrap();
                if let Some((address, _)) =
                    said.split_once(self.before_address).and_then(|(_, rest)| rest.split_once('\n'))
                {
                    return address.trim().to_owned();
                }
                assert!(started.elapsed() < PATIENCE, "it does not listen: {}\n{said}", self.log.display());
                thread::sleep(Duration::from_millis(20));
            }
        })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        drop(self.watched.stdin.take());
        let _ = self.watched.wait();
    }
}
