//! How far a scan is, on a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::scan::SourceFile;
use crate::scan::read::Found;

/// What is shown while a scan runs.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Shows nothing.
    #[must_use]
    pub fn hidden() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    /// Shows a bar with rate and time left, on stderr.
    #[must_use]
    pub fn shown() -> Self {
        let bar = ProgressBar::new(0);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self { bar }
    }

    pub(super) fn reading(&self, files: &[SourceFile]) {
        self.style("{msg:<8} {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left");
        self.bar.set_message("reading");
        self.bar.set_length(files.iter().map(|file| file.bytes).sum());
    }

    pub(super) fn read(&self, found: &Found) {
        if let Found::FileDone { bytes } = found {
            self.bar.inc(*bytes);
        }
    }

    pub(crate) fn judging(&self, events: u64) {
        self.bar.reset();
        self.style("{msg:<8} {bar:30} {human_pos}/{human_len} events  {per_sec}  {eta} left");
        self.bar.set_message("judging");
        self.bar.set_length(events);
    }

    pub(crate) fn judged(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
    }
}
