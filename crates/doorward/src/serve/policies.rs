//! The policy folder: an editor's view, which publishes when it is valid.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use doorward_model::command::Command;
use doorward_model::record::{CONFIGURATION, PolicyPublished};
use doorward_model::time::Time;
use doorward_serve::handle::{Done, Handle, Terms, Waits, Work, WorkError};
use doorward_serve::policy_files;

use crate::serve::config::PolicyFolder;
use crate::serve::live::Live;

/// Publishes the folder if it differs from what it published last; a folder that is not valid is refused then, and
/// nothing starts. What somebody has published since goes on deciding until the folder changes.
pub(super) fn publish(live: &mut Live, folder: &PolicyFolder, now: Time) -> Result<()> {
    let set = Set::read(folder)?;
    let control = &live.writer.engine().state.control;
    if control.configured.policy.as_ref() != Some(&set.published) {
        set.check()?;
        live.configure(Command::PublishPolicy(set.published), set.files, now)?;
    } else if let Some(other) = control.policy.as_ref().filter(|deciding| **deciding != set.published) {
        tracing::warn!(
            by = other.by,
            hash = other.hash,
            "another policy set decides than that of the folder"
        );
    }
    Ok(())
}

/// Whether the folder holds a set that can decide.
pub(crate) fn check(folder: &PolicyFolder) -> Result<()> {
    Set::read(folder)?.check()
}

/// Watches the folder for as long as the server runs. What is changed and valid decides from then on; what is not
/// valid is told to the log with file and line, and the set before goes on deciding.
///
/// `judged` is how the folder stood when it was last published: as long as it stays so, what is published by other means
/// goes on deciding.
pub(super) async fn follow(folder: PolicyFolder, judged: Option<Stamps>, handle: Handle) {
    let (mut last, mut judged, mut said) = (None, Some(judged), None);
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let listed = folder.clone();
        let stamps = tokio::task::spawn_blocking(move || stamps(&listed).ok()).await.ok().flatten();
        // An editor that saves several files is left to finish: they must stay the same for one interval.
        if last.replace(stamps.clone()) != Some(stamps.clone()) || judged.as_ref() == Some(&stamps) {
            continue;
        }
        match take(&folder, &handle).await {
            Ok(Some(done)) => tracing::info!(hash = done.id, fact = done.fact.0, "the policy folder decides"),
            Ok(None) => {}
            Err(error) => {
                // What is valid and could not be recorded is tried again; that is said once.
                let again = error.is::<WorkError>();
                let error = format!("{error:#}");
                if said.as_ref() != Some(&error) {
                    tracing::error!("the policy folder is not used, the set before it decides: {error}");
                }
                said = Some(error);
                if again {
                    continue;
                }
            }
        }
        judged = Some(stamps);
    }
}

/// Publishes the folder if it differs from what it published last.
async fn take(folder: &PolicyFolder, handle: &Handle) -> Result<Option<Done>> {
    let read = folder.clone();
    let set = tokio::task::spawn_blocking(move || Set::read(&read)).await??;
    let last = handle.ask(WAITS, |state, _| state.control.configured.policy.clone()).await?;
    if last.as_ref() == Some(&set.published) {
        return Ok(None);
    }
    let Set { files, published } = tokio::task::spawn_blocking(move || set.check().map(|()| set)).await??;
    let publish = |reply| Work::PublishPolicy { files, published, terms: Terms::of(CONFIGURATION), reply };
    Ok(Some(handle.request(WAITS, publish).await?))
}

/// The files of a folder, and the fact that they decide.
struct Set {
    files: BTreeMap<String, String>,
    published: PolicyPublished,
}

impl Set {
    fn read(folder: &PolicyFolder) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in paths(folder)? {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            files.insert(name.unwrap_or_default(), text);
        }
        let published = policy_files::published(&files, folder.mode, folder.risk_max, CONFIGURATION);
        Ok(Self { files, published })
    }

    fn check(&self) -> Result<()> {
        policy_files::read(&self.files).map(drop).map_err(|errors| {
            let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
            anyhow!("the policies cannot be used:\n{}", lines.join("\n"))
        })
    }
}

/// The files of a policy folder, by whose names messages speak of them.
fn paths(folder: &PolicyFolder) -> Result<Vec<PathBuf>> {
    let told = || format!("cannot list {}", folder.folder.display());
    let listed = fs::read_dir(&folder.folder).with_context(told)?;
    let mut paths = listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "cedar"));
    paths.extend(folder.schema.iter().chain(&folder.entities).cloned());
    paths.sort();
    Ok(paths)
}

/// By what a change of a file is noticed: its time and its length.
type Stamp = (SystemTime, u64);

/// How a folder stands.
pub(super) type Stamps = BTreeMap<PathBuf, Option<Stamp>>;

/// How the folder stands now.
pub(super) fn stamps(folder: &PolicyFolder) -> Result<Stamps> {
    let paths = paths(folder)?;
    Ok(paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect())
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_millis(500);
const WAITS: Waits = Waits { queue: Duration::from_secs(10), answer: Duration::from_secs(60) };
