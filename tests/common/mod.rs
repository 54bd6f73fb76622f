//! A project in a temporary folder, and the built program run on it.

#![allow(dead_code, unused_macros, unused_imports, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "what fails here is the test")]

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) mod passed;
pub(crate) mod prepared;
pub(crate) mod provider;
pub(crate) mod server;

use stanch::rules::{BUILTIN, template};

/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Compares everything that a run told with a text that stands in the test; `SNAPSHOTS=overwrite cargo
/// test` rewrites the text.
macro_rules! told {
    ($ran:expr, $expected:expr) => {
        snapbox::assert_data_eq!($ran.told(), snapbox::prelude::IntoData::raw($expected))
    };
}
pub(crate) use told;

/// A folder of its own, gone at the end of the test.
pub(crate) struct Project {
    folder: PathBuf,
}

impl Project {
    pub(crate) fn new() -> Project {
        Project::below(&std::env::temp_dir())
    }

    /// A project in memory where the system offers that: for more files than a disk makes quickly.
    pub(crate) fn in_memory() -> Project {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Project::below(memory) } else { Project::new() }
    }

    fn below(place: &Path) -> Project {
        let folder = tempfile::Builder::new().prefix("stanch-test-").tempdir_in(place).unwrap().keep();
        // Some tests run the program as someone else, who has to get in.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        Project { folder: fs::canonicalize(folder).unwrap() }
    }

    /// A project that holds these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Project {
        let project = Project::new();
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Project {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs git in the project, as nobody in particular and without the machine's configuration.
    pub(crate) fn git(&self, args: &[&str]) -> &Project {
        self.command("git", ["-c", "protocol.file.allow=always"].iter().chain(args));
        self
    }

    /// Runs another program in the project.
    pub(crate) fn command(&self, program: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.folder).env("HOME", &self.folder);
        for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            command.env(format!("{who}_NAME"), "nobody").env(format!("{who}_EMAIL"), "nobody@example.com");
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{command:?}: {output:?}");
    }

    /// What another program says in the project, without the end of its last line.
    pub(crate) fn ask(&self, program: &str, args: &[&str]) -> String {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(&self.folder)
            .env("HOME", &self.folder)
            .env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(output.status.success(), "{command:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The program with these arguments, to be run in the project.
    pub(crate) fn stanch(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Stanch {
        self.with_program(Path::new(env!("CARGO_BIN_EXE_stanch")), args)
    }

    /// The same through a shell that runs `before` first and then becomes the program.
    pub(crate) fn stanch_after(
        &self,
        before: &str,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Stanch {
        let script = format!("{before}\nexec \"$0\" \"$@\"");
        let mut all: Vec<OsString> = vec!["-c".into(), script.into(), env!("CARGO_BIN_EXE_stanch").into()];
        all.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self.with_program(Path::new("/bin/sh"), all)
    }

    /// The program under the user id of nobody, for whom permissions count even when root runs the tests.
    pub(crate) fn stanch_as_nobody(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Stanch {
        const NOBODY: u32 = 65_534;
        // Where the program was built need not be open to everyone.
        let program = self.folder.with_extension("bin");
        // By another process: a file that was open for writing when another test began a process cannot be run.
        self.program("cp", [Path::new(env!("CARGO_BIN_EXE_stanch")), &program]).run().exits(0);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let mut stanch = self.with_program(&program, args);
        let is_root =
            fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if is_root {
            std::os::unix::process::CommandExt::uid(&mut stanch.command, NOBODY);
            std::os::unix::process::CommandExt::gid(&mut stanch.command, NOBODY);
        }
        stanch
    }

    /// Another program, run as this one is.
    pub(crate) fn program(&self, program: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Stanch {
        self.with_program(Path::new(program), args)
    }

    fn with_program(&self, program: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Stanch {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.folder);
        for name in ["CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR", "COLUMNS", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        // Where the tests run is not what they are about.
        for name in ["CI", "GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITLAB_CI", "HTTPS_PROXY", "HTTP_PROXY"] {
            command.env_remove(name);
        }
        Stanch { command, input: Box::new(|_| Ok(())) }
    }
}

/// A repository without a commit, made with these options of `git init`.
pub(crate) fn repository(options: &[&str]) -> Project {
    let project = Project::new();
    project.git(&[&["init", "-q", "-b", "main"], options].concat());
    project
}

/// Writes a file and commits everything with this message.
pub(crate) fn commit(project: &Project, name: &str, text: &str, message: &str) {
    project.write(name, text);
    project.git(&["add", "-A"]).git(&["commit", "-q", "-m", message]);
}

/// A line with the token of this number.
pub(crate) fn key(number: u64) -> String {
    format!("KEY={}\n", token(number))
}

impl Drop for Project {
    fn drop(&mut self) {
        // `rm` also copes with folders deeper than a path can be long, and with those closed to us.
        let _ =
            Command::new("chmod").arg("-Rf").arg("u+rwx").arg(&self.folder).stderr(Stdio::null()).status();
        let beside = ["bin", "cache"].map(|what| self.folder.with_extension(what));
        let _ = Command::new("rm").arg("-rf").arg(&self.folder).args(beside).status();
    }
}

type Feed = Box<dyn FnOnce(&mut ChildStdin) -> io::Result<()> + Send>;

/// A run to be.
pub(crate) struct Stanch {
    command: Command,
    input: Feed,
}

impl Stanch {
    pub(crate) fn env(mut self, key: &str, value: &str) -> Stanch {
        self.command.env(key, value);
        self
    }

    /// What stands on standard input; nothing otherwise.
    pub(crate) fn input(self, bytes: impl Into<Vec<u8>>) -> Stanch {
        let bytes = bytes.into();
        self.fed(move |stdin| stdin.write_all(&bytes))
    }

    /// Writes standard input piece by piece.
    pub(crate) fn fed(
        mut self,
        input: impl FnOnce(&mut ChildStdin) -> io::Result<()> + Send + 'static,
    ) -> Stanch {
        self.input = Box::new(input);
        self
    }

    /// The command itself, for tests that do more with the process than wait for its end.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    pub(crate) fn run(mut self) -> Ran {
        let started = Instant::now();
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        let (mut stdin, input) = (child.stdin.take().unwrap(), self.input);
        // Whoever does not read its input to the end is not at fault.
        let feeder = thread::spawn(move || drop(input(&mut stdin)));
        let stdout = reader(child.stdout.take().unwrap());
        let stderr = reader(child.stderr.take().unwrap());
        let code = wait(&mut child, &self.command);
        feeder.join().unwrap();
        Ran {
            command: format!("{:?}", self.command),
            code,
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            time: started.elapsed(),
        }
    }
}

fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = vec![];
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

fn wait(child: &mut Child, command: &Command) -> Option<i32> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{command:?} did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// A run that was.
pub(crate) struct Ran {
    pub(crate) command: String,
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) time: Duration,
}

impl Ran {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap_or_else(|error| panic!("{error}: {}", self.told()))
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.stderr.clone()).unwrap_or_else(|error| panic!("{error}: {}", self.told()))
    }

    /// Everything that a caller could see of the run.
    pub(crate) fn told(&self) -> String {
        let mut told = match self.code {
            Some(code) => format!("exit code {code}\n"),
            None => "ended by a signal\n".to_owned(),
        };
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !bytes.is_empty() {
                write!(told, "-- {name}\n{}", String::from_utf8_lossy(bytes)).unwrap();
            }
        }
        told
    }

    /// Fails with everything that is known about the run, unless `fact` holds.
    #[track_caller]
    pub(crate) fn check(&self, fact: bool, what: &str) -> &Ran {
        assert!(fact, "{what}\n{} took {:?}\n{}", self.command, self.time, self.told());
        self
    }

    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Ran {
        self.check(self.code == Some(code), &format!("the exit code should be {code}"))
    }

    #[track_caller]
    pub(crate) fn has(&self, text: &str) -> &Ran {
        let there = self.told().contains(text);
        self.check(there, &format!("this should be told: {text}"))
    }

    #[track_caller]
    pub(crate) fn has_not(&self, text: &str) -> &Ran {
        let there = self.told().contains(text);
        self.check(!there, &format!("this should not be told: {text}"))
    }

    /// Standard output as a JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let value = serde_json::from_slice(&self.stdout);
        self.check(value.is_ok(), "standard output should be JSON");
        value.unwrap()
    }

    /// `path:line:column start..end` of each place of each finding, sorted; from `--format json`.
    #[track_caller]
    pub(crate) fn places(&self) -> Vec<String> {
        let report = self.json();
        let findings = report["findings"].as_array().into_iter().flatten();
        let mut places: Vec<String> = findings
            .flat_map(|finding| finding["places"].as_array().into_iter().flatten())
            .map(|place| {
                format!(
                    "{}:{}:{} {}..{}",
                    place["path"].as_str().unwrap(),
                    place["line"],
                    place["column"],
                    place["start"],
                    place["end"]
                )
            })
            .collect();
        places.sort();
        places
    }

    /// The path of each place, sorted; from `--format json`.
    #[track_caller]
    pub(crate) fn paths(&self) -> Vec<String> {
        let of = |place: &String| place.split(':').next().unwrap().to_owned();
        let mut paths: Vec<String> = self.places().iter().map(of).collect();
        paths.sort();
        paths
    }

    /// A number of the tally; from `--format json`.
    #[track_caller]
    pub(crate) fn tally(&self, name: &str) -> u64 {
        let number = self.json()["tally"][name].as_u64();
        self.check(number.is_some(), &format!("the tally should have `{name}`"));
        number.unwrap()
    }
}

/// A GitHub token with a right checksum, another for each seed.
pub(crate) fn token(seed: u64) -> String {
    template::fill("ghp_{base62:30}{crc32-base62}", seed).unwrap()
}

/// The first example of a rule.
pub(crate) fn example(id: &str, seed: u64) -> String {
    let rule = BUILTIN.iter().find(|rule| rule.id == id).unwrap_or_else(|| panic!("there is no rule {id}"));
    template::fill(rule.examples[0], seed).unwrap()
}

/// Every part of the values that gives something away: any eight characters in a row after the fixed
/// prefix of `ghp_` tokens.
#[track_caller]
pub(crate) fn assert_kept_secret(ran: &Ran, token: &str) {
    let told = ran.told();
    for at in 4..token.len() - 8 {
        let part = &token[at..at + 8];
        assert!(!told.contains(part), "{part} of {token} is told by {}\n{told}", ran.command);
    }
}
