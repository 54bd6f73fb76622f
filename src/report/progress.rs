//! Tells a person at a terminal how far a long run has come; says nothing to anyone else.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A run shorter than this needs no progress.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// Counts of a run, shown on stderr while it goes on: only on a terminal, only after a second, cleared in
/// the end.
pub struct Progress(Option<Shown>);

struct Shown {
    counts: Arc<Counts>,
    stop: Sender<()>,
    painter: JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// Progress on stderr where that is a terminal, else none.
    pub fn on_stderr() -> Progress {
        if io::stderr().is_terminal() {
            Progress::on(ProgressDrawTarget::stderr, PATIENCE)
        } else {
            Progress::none()
        }
    }

    /// Progress that nobody sees and that costs nothing.
    pub fn none() -> Progress {
        Progress(None)
    }

    fn on(target: impl FnOnce() -> ProgressDrawTarget + Send + 'static, patience: Duration) -> Progress {
        let counts = Arc::new(Counts::default());
        let (stop, stopped) = channel();
        let painter = thread::spawn({
            let counts = Arc::clone(&counts);
            move || paint(&counts, target, patience, &stopped)
        });
        Progress(Some(Shown { counts, stop, painter }))
    }

    /// Notes that so much more is done. Cheap, from any thread.
    #[inline]
    pub fn add(&self, files: u64, bytes: u64) {
        if let Some(shown) = &self.0 {
            shown.counts.files.fetch_add(files, Ordering::Relaxed);
            shown.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// Ends the progress and clears its line, so that what is printed next stands by itself.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Shown { stop, painter, .. }) = self.0.take() {
            drop(stop);
            // A painter that panicked has nothing left to clear.
            let _ = painter.join();
        }
    }
}

/// Draws until told to stop; draws nothing when that comes within `patience`.
fn paint(
    counts: &Counts,
    target: impl FnOnce() -> ProgressDrawTarget,
    patience: Duration,
    stopped: &Receiver<()>,
) {
    if !goes_on(stopped, patience) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, target()).with_style(style()).with_elapsed(patience);
    loop {
        bar.set_position(counts.bytes.load(Ordering::Relaxed));
        bar.set_message(HumanCount(counts.files.load(Ordering::Relaxed)).to_string());
        bar.tick();
        if !goes_on(stopped, TICK) {
            break;
        }
    }
    bar.finish_and_clear();
}

fn goes_on(stopped: &Receiver<()>, time: Duration) -> bool {
    stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg} files, {decimal_bytes}, {decimal_bytes_per_sec}")
        .expect("the template is well formed")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use indicatif::TermLike;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<Vec<String>>>);

    impl Screen {
        fn note(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push(text.to_owned());
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.note(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.note(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            self.note("<clear>")
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn progress(patience: Duration) -> (Progress, Screen) {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        (Progress::on(move || target, patience), screen)
    }

    #[test]
    fn shows_what_all_threads_did_and_clears_its_line() {
        let (progress, screen) = progress(Duration::ZERO);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| progress.add(1, 2_500)));
            }
        });
        let drawn = || screen.0.lock().unwrap().iter().any(|text| text.contains("4,000 files, 10.00 MB, "));
        let patience = Instant::now() + Duration::from_secs(20);
        while !drawn() && Instant::now() < patience {
            thread::sleep(TICK);
        }
        drop(progress);
        assert!(drawn(), "{screen:?}");
        let screen = screen.0.lock().unwrap();
        let last_text = screen.iter().rposition(|text| text.contains("files"));
        assert!(last_text < screen.iter().rposition(|text| text == "<clear>"), "{screen:?}");
    }

    #[test]
    fn a_short_run_shows_nothing() {
        let (progress, screen) = progress(Duration::from_secs(60));
        progress.add(1, 1);
        drop(progress);
        assert!(screen.0.lock().unwrap().is_empty());
    }

    #[test]
    fn nobody_sees_none() {
        Progress::none().add(1, 1);
    }
}
