//! What the server is told: a `doorward.toml`, checked whole before anything listens.

pub(crate) mod settings;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use doorward_model::decision::{Mode, Pep};
use doorward_model::finding::Severity;
use doorward_model::hold::HoldProfile;
use doorward_model::record::Trust;
use doorward_model::time::Millis;
use doorward_proof::Scope;
use doorward_respond::{Ladder, ResponseMode, Rung};
use doorward_serve::{DecisionLog, Overflow, mode_of};
use serde::Deserialize;

use crate::cli::{ServeArgs, Span};
use crate::serve::keeper::Schedule;
use crate::serve::retention::{Retention, WhenFull};
use crate::serve::watched::WatchedFolder;

/// Everything that the server goes by, in its parts.
#[derive(Debug)]
pub struct Config {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where its data lies.
    pub(crate) data_dir: PathBuf,
    /// What the HTTP part goes by.
    pub(crate) serve: doorward_serve::Settings,
    /// The policies to publish, if a folder is named.
    pub(crate) policy: Option<PolicyFolder>,
    /// Folders whose files are the events of live sources.
    pub(crate) watched: Vec<WatchedFolder>,
    /// How far sources are trusted; one that is not named is verified.
    pub(crate) trust: BTreeMap<String, Trust>,
    /// Enforcement points and their modes.
    pub(crate) peps: Vec<Pep>,
    /// What follows from findings.
    pub(crate) ladder: Ladder,
    /// How many cases a day are wanted at most.
    pub(crate) cases_per_day: u32,
    /// When the state is kept, so that a start need not fold the whole journal.
    pub(crate) checkpoints: Schedule,
    /// How long a decision waits for its record at most; 0 when its answer waits with it.
    pub(crate) decision_flush: Millis,
    /// How long what is kept.
    pub(crate) retention: Retention,
    /// What matters most, as a file names it; by default what is by its kind or name.
    pub(crate) tier_zero: Option<PathBuf>,
    /// How large the journal may grow, in bytes; 0 is without a limit.
    pub(crate) disk_bytes_max: u64,
    /// How large each of the two files of rejects may grow, in bytes.
    pub(crate) rejects_bytes_max: u64,
}

/// A folder of policies: an editor's view, which publishes when it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyFolder {
    /// The folder of `*.cedar` files.
    pub(crate) folder: PathBuf,
    /// The schema.
    pub(crate) schema: Option<PathBuf>,
    /// Users, groups, resources and aliases.
    pub(crate) entities: Option<PathBuf>,
    /// The mode of the set.
    pub(crate) mode: Mode,
    /// The greatest risk at which anything passes.
    pub(crate) risk_max: u32,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    data_dir: Option<PathBuf>,
    public_url: Option<String>,
    cases_per_day: Option<u32>,
    decision_log: Option<String>,
    decision_flush_ms: Option<i64>,
    checkpoint_every: Option<String>,
    checkpoint_records: Option<u64>,
    disk_max_mib: Option<u64>,
    rejects_max_mib: Option<u64>,
    policy: Option<PolicySection>,
    authzen: AuthzenSection,
    decisions: DecisionsSection,
    response: ResponseSection,
    retention: RetentionSection,
    pep: Vec<PepSection>,
    source: Vec<SourceSection>,
    watch: Vec<WatchSection>,
    privilege: PrivilegeSection,
    limits: LimitsSection,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PrivilegeSection {
    tier_zero: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicySection {
    folder: PathBuf,
    schema: Option<PathBuf>,
    entities: Option<PathBuf>,
    mode: Option<String>,
    risk_max: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AuthzenSection {
    open_on_loopback: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DecisionsSection {
    overflow: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RetentionSection {
    events: Option<String>,
    decisions: Option<String>,
    rejects: Option<String>,
    when_full: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ResponseSection {
    mode: Option<String>,
    exempt: Vec<String>,
    holds_per_hour_max: Option<usize>,
    rung: Vec<RungSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RungSection {
    severity_min: String,
    confidence_min: f64,
    profile: String,
    lasts: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceSection {
    name: String,
    trust: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WatchSection {
    folder: PathBuf,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PepSection {
    name: String,
    mode: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsSection {
    body_bytes_max: Option<usize>,
    depth_max: Option<u32>,
    batch_max: Option<usize>,
    ingest_bytes_max: Option<usize>,
    unpacked_bytes_max: Option<usize>,
    page_max: Option<usize>,
    as_of_rows_max: Option<u64>,
    privilege_at_once: Option<usize>,
    connections_max: Option<usize>,
    head_wait_ms: Option<u64>,
    body_wait_ms: Option<u64>,
    queue_wait_ms: Option<u64>,
    answer_wait_ms: Option<u64>,
    stop_wait_ms: Option<u64>,
}

impl Config {
    /// Lowers the command line and the file it names into one form; what is typed wins over what is written.
    pub(crate) fn of(args: &ServeArgs) -> Result<Self> {
        let (file, base) = match &args.config {
            None => (File::default(), PathBuf::new()),
            Some(path) => (read(path)?, path.parent().map(Path::to_owned).unwrap_or_default()),
        };
        Self::lower(args, file, &base)
    }

    /// What a text alone asks for. Public for the fuzzer.
    ///
    /// # Errors
    /// When it cannot be used.
    #[doc(hidden)]
    pub fn of_text(text: &str) -> Result<Self> {
        Self::lower(&ServeArgs::default(), toml::from_str(text)?, Path::new(""))
    }

    fn lower(args: &ServeArgs, file: File, base: &Path) -> Result<Self> {
        let checkpoints = schedule(file.checkpoint_every.as_deref(), file.checkpoint_records)?;
        let data_dir = args.data_dir.clone().or_else(|| file.data_dir.map(|dir| base.join(dir)));
        let limits = limits(&file.limits);
        let overflow = file.decisions.overflow.as_deref().map(overflow).transpose()?.unwrap_or_default();
        let decision_log = file.decision_log.as_deref().map(decision_log).transpose()?.unwrap_or_default();
        if !(1..=DECISION_FLUSH_MS_MAX).contains(&file.decision_flush_ms.unwrap_or(DECISION_FLUSH_MS)) {
            bail!("decision_flush_ms must be from 1 to {DECISION_FLUSH_MS_MAX}");
        }
        if (decision_log, overflow) == (DecisionLog::Strict, Overflow::Shed) {
            bail!(
                "decision_log = \"strict\" gives no decision without a record: decisions.overflow must be refuse"
            );
        }
        Ok(Self {
            listen: args.listen.or(file.listen).unwrap_or(LISTEN),
            data_dir: data_dir.unwrap_or_else(|| PathBuf::from(DATA_DIR)),
            serve: doorward_serve::Settings {
                public_url: file.public_url,
                open_on_loopback: file.authzen.open_on_loopback,
                decision_log,
                overflow,
                limits,
            },
            policy: file.policy.map(|section| policy_folder(section, base)).transpose()?,
            trust: trust(file.source)?,
            watched: file.watch.into_iter().map(|section| watched(section, base)).collect::<Result<_>>()?,
            peps: file.pep.into_iter().map(pep).collect::<Result<_>>()?,
            ladder: ladder(file.response)?,
            cases_per_day: file.cases_per_day.unwrap_or(5),
            checkpoints,
            decision_flush: match decision_log {
                DecisionLog::Buffered => Millis(file.decision_flush_ms.unwrap_or(DECISION_FLUSH_MS)),
                DecisionLog::Strict => Millis(0),
            },
            retention: retention(&file.retention)?,
            tier_zero: file.privilege.tier_zero.map(|path| base.join(path)),
            disk_bytes_max: mib(file.disk_max_mib.unwrap_or(0)),
            rejects_bytes_max: mib(file.rejects_max_mib.unwrap_or(REJECTS_MAX_MIB)),
        })
    }
}

fn schedule(every: Option<&str>, records: Option<u64>) -> Result<Schedule> {
    let every = every.map_or(Ok(CHECKPOINT_EVERY), |text| span("checkpoint_every", text))?;
    let records = records.unwrap_or(CHECKPOINT_RECORDS);
    if every < Millis::MINUTE || records == 0 {
        bail!("checkpoint_every must be a minute at least, and checkpoint_records 1 at least");
    }
    Ok(Schedule { every, records })
}

fn retention(section: &RetentionSection) -> Result<Retention> {
    let kept = |key, text: Option<&str>, default| {
        let kept = text.map_or(Ok(default), |text| span(key, text))?;
        if kept < Millis::DAY {
            bail!("retention.{key} must be a day at least");
        }
        Ok(kept)
    };
    let when_full = match section.when_full.as_deref() {
        None | Some("refuse") => WhenFull::Refuse,
        Some("prune") => WhenFull::Prune,
        Some(word) => bail!("{word:?} is no way to meet a full disk: write refuse or prune"),
    };
    Ok(Retention {
        events: kept("events", section.events.as_deref(), EVENTS_KEPT)?,
        decisions: kept("decisions", section.decisions.as_deref(), DECISIONS_KEPT)?,
        rejects: kept("rejects", section.rejects.as_deref(), REJECTS_KEPT)?,
        when_full,
    })
}

fn span(key: &str, text: &str) -> Result<Millis> {
    let Span(span) = text.parse().map_err(anyhow::Error::msg).with_context(|| format!("cannot use {key}"))?;
    Ok(span)
}

const fn mib(count: u64) -> u64 {
    count.saturating_mul(1 << 20)
}

fn read(path: &Path) -> Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The error of the parser names line, column and the key.
    toml::from_str(&text).with_context(|| format!("cannot use {}", path.display()))
}

fn policy_folder(section: PolicySection, base: &Path) -> Result<PolicyFolder> {
    Ok(PolicyFolder {
        folder: base.join(section.folder),
        schema: section.schema.map(|path| base.join(path)),
        entities: section.entities.map(|path| base.join(path)),
        mode: section.mode.as_deref().map(mode).transpose()?.unwrap_or(Mode::Shadow),
        risk_max: section.risk_max.unwrap_or(100).min(100),
    })
}

fn trust(sections: Vec<SourceSection>) -> Result<BTreeMap<String, Trust>> {
    let trust = |SourceSection { name, trust }| {
        is_source(&name)?;
        match trust.as_str() {
            "verified" => Ok((name, Trust::Verified)),
            "asserted" => Ok((name, Trust::Asserted)),
            _ => bail!("{trust:?} is no trust in a source: write verified or asserted"),
        }
    };
    sections.into_iter().map(trust).collect()
}

fn is_source(name: &str) -> Result<()> {
    if !Scope::is_source(name) {
        bail!("{name:?} is no name of a source: write lower-case letters, digits, '.', '_' and '-'");
    }
    Ok(())
}

fn watched(section: WatchSection, base: &Path) -> Result<WatchedFolder> {
    let WatchSection { folder, source } = section;
    is_source(&source)?;
    let folder = base.join(folder);
    std::fs::read_dir(&folder).with_context(|| format!("cannot watch {}", folder.display()))?;
    Ok(WatchedFolder { folder, source })
}

fn pep(section: PepSection) -> Result<Pep> {
    Ok(Pep { name: section.name, mode: mode(&section.mode)?.into() })
}

fn mode(word: &str) -> Result<Mode> {
    mode_of(word).with_context(|| format!("{word:?} is no mode: write learn, shadow or enforce"))
}

fn decision_log(word: &str) -> Result<DecisionLog> {
    match word {
        "buffered" => Ok(DecisionLog::Buffered),
        "strict" => Ok(DecisionLog::Strict),
        _ => bail!("{word:?} is no decision_log: write buffered or strict"),
    }
}

fn overflow(word: &str) -> Result<Overflow> {
    match word {
        "refuse" => Ok(Overflow::Refuse),
        "shed" => Ok(Overflow::Shed),
        _ => bail!("{word:?} is no way to meet an overflow: write refuse or shed"),
    }
}

fn ladder(section: ResponseSection) -> Result<Ladder> {
    let default = Ladder::default();
    let mode = match section.mode.as_deref() {
        None | Some("shadow") => ResponseMode::Shadow,
        Some("record") => ResponseMode::Record,
        Some("enforce") => ResponseMode::Enforce,
        Some(word) => bail!("{word:?} is no mode of response: write record, shadow or enforce"),
    };
    let rungs = section.rung.iter().map(rung).collect::<Result<Vec<_>>>()?;
    Ok(Ladder {
        mode,
        rungs: if rungs.is_empty() { default.rungs } else { rungs },
        exempt: section.exempt,
        holds_per_hour_max: section.holds_per_hour_max.unwrap_or(default.holds_per_hour_max),
    })
}

fn rung(section: &RungSection) -> Result<Rung> {
    let severities = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let severity = severities.into_iter().find(|severity| severity.word() == section.severity_min);
    let profile = HoldProfile::ALL.into_iter().find(|profile| profile.word() == section.profile);
    let Span(lasts) = section.lasts.parse().map_err(anyhow::Error::msg)?;
    if !(0.0..=1.0).contains(&section.confidence_min) || lasts < Millis::MINUTE {
        bail!("a rung needs a confidence_min from 0 to 1, and must last a minute at least");
    }
    Ok(Rung {
        severity_min: severity.with_context(|| format!("{:?} is no severity", section.severity_min))?,
        confidence_min_milli: thousandths(section.confidence_min),
        profile: profile.with_context(|| format!("{:?} is no hold profile", section.profile))?,
        lasts,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 1 was checked, times a thousand"
)]
fn thousandths(share: f64) -> u32 {
    (share * 1_000.0).round() as u32
}

fn limits(section: &LimitsSection) -> doorward_serve::Limits {
    let default = doorward_serve::Limits::default();
    doorward_serve::Limits {
        body_bytes_max: section.body_bytes_max.unwrap_or(default.body_bytes_max),
        depth_max: section.depth_max.unwrap_or(default.depth_max),
        batch_max: section.batch_max.unwrap_or(default.batch_max),
        ingest_bytes_max: section.ingest_bytes_max.unwrap_or(default.ingest_bytes_max),
        unpacked_bytes_max: section.unpacked_bytes_max.unwrap_or(default.unpacked_bytes_max),
        page_max: section.page_max.unwrap_or(default.page_max),
        as_of_rows_max: section.as_of_rows_max.unwrap_or(default.as_of_rows_max),
        privilege_at_once: section.privilege_at_once.unwrap_or(default.privilege_at_once),
        connections_max: section.connections_max.unwrap_or(default.connections_max),
        head_wait: wait(section.head_wait_ms, default.head_wait),
        body_wait: wait(section.body_wait_ms, default.body_wait),
        queue_wait: wait(section.queue_wait_ms, default.queue_wait),
        answer_wait: wait(section.answer_wait_ms, default.answer_wait),
        stop_wait: wait(section.stop_wait_ms, default.stop_wait),
    }
}

fn wait(told_ms: Option<u64>, default: Duration) -> Duration {
    told_ms.map_or(default, Duration::from_millis)
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8420);
const DATA_DIR: &str = "doorward-data";
pub(crate) const REJECTS_MAX_MIB: u64 = 64;
const DECISION_FLUSH_MS: i64 = 200;
const DECISION_FLUSH_MS_MAX: i64 = 10_000;
const EVENTS_KEPT: Millis = Millis::DAY.times(90);
const DECISIONS_KEPT: Millis = Millis::DAY.times(90);
const REJECTS_KEPT: Millis = Millis::DAY.times(30);
const CHECKPOINT_EVERY: Millis = Millis::MINUTE.times(15);
const CHECKPOINT_RECORDS: u64 = 1_000_000;
