//! How far a scan is, on a terminal.

use std::fmt::Write;

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

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
        let shown = Self { bar: ProgressBar::new(0) };
        shown.style("{msg:<8} {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {left}");
        shown.bar.set_message("reading");
        shown.bar.enable_steady_tick(std::time::Duration::from_millis(200));
        shown
    }

    pub(super) fn reading(&self, files: &[SourceFile]) {
        self.bar.set_length(files.iter().map(|file| file.bytes).sum());
    }

    pub(super) fn read(&self, found: &Found) {
        if let Found::FileDone { bytes } = found {
            self.bar.inc(*bytes);
        }
    }

    pub(crate) fn judging(&self, events: u64) {
        self.bar.reset();
        self.bar.set_length(events);
        self.bar.set_message("judging");
        self.style("{msg:<8} {bar:30} {human_pos}/{human_len} events  {rate}  {left}");
    }

    pub(crate) fn judged(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("=> ").with_key("rate", rate).with_key("left", left));
        }
    }
}

fn rate(state: &ProgressState, out: &mut dyn Write) {
    // Writing to a string cannot fail.
    write!(out, "{:.0}/s", state.per_sec()).unwrap_or_default();
}

/// Nobody knows how long it takes before something is done.
fn left(state: &ProgressState, out: &mut dyn Write) {
    if state.pos() > 0 {
        write!(out, "{:#} left", HumanDuration(state.eta())).unwrap_or_default();
    }
}
