//! Every setting in words, with its default taken from where it stands in the code.

use doorward_model::time::Millis;
use doorward_respond::Ladder;
use doorward_serve::Limits;

use super::{
    CHECKPOINT_EVERY, CHECKPOINT_RECORDS, DATA_DIR, DECISION_FLUSH_MS, DECISIONS_KEPT, EVENTS_KEPT, LISTEN,
    REJECTS_KEPT, REJECTS_MAX_MIB,
};

/// A table of the file.
pub(crate) struct Section {
    /// Its name; empty for what stands before any table. In brackets where it may be given several times.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) about: &'static str,
    /// What may stand in it.
    pub(crate) settings: Vec<Setting>,
}

/// A setting.
pub(crate) struct Setting {
    /// Its key.
    pub(crate) key: &'static str,
    /// What may be written.
    pub(crate) form: &'static str,
    /// What holds when nothing is written.
    pub(crate) default: String,
    /// What it says.
    pub(crate) meaning: &'static str,
}

/// All tables, in the order in which they are told.
pub(crate) fn sections() -> Vec<Section> {
    vec![
        Section {
            name: "",
            about: "Before any table.",
            settings: top().into_iter().chain(decision_log()).collect(),
        },
        Section {
            name: "policy",
            about: "A folder of policies. What is valid in it decides when the server starts and whenever it changes.",
            settings: policy(),
        },
        Section {
            name: "[pep]",
            about: "An enforcement point; may be given several times. One that is not named starts in `shadow`.",
            settings: vec![
                setting("name", "text", &"required", "Its name: that of the token with which it asks."),
                setting("mode", MODE, &"required", "Whether what is decided is answered, or only recorded."),
            ],
        },
        Section {
            name: "[source]",
            about: "How far a source of events is trusted; may be given several times.",
            settings: source(),
        },
        Section {
            name: "[watch]",
            about: "A folder whose files are taken in as they come; may be given several times.",
            settings: watch(),
        },
        Section {
            name: "authzen",
            about: "The decision API.",
            settings: vec![setting(
                "open_on_loopback",
                "true or false",
                &"false",
                "Whether callers on this machine may ask without a token, as the enforcement point `loopback`.",
            )],
        },
        Section { name: "decisions", about: "The records of decisions.", settings: decisions() },
        Section { name: "response", about: "What follows from findings.", settings: response() },
        Section {
            name: "[response.rung]",
            about: "A rung of the ladder; may be given several times, and then replaces the default ones. The \
                    strictest that a finding reaches applies.",
            settings: rung(),
        },
        Section {
            name: "retention",
            about: "How long what is kept. Facts are kept for good; what has expired is dropped once an hour.",
            settings: retention(),
        },
        Section {
            name: "privilege",
            about: "What could be done by the policies of the inventory.",
            settings: vec![setting(
                "tier_zero",
                "file",
                &"none",
                "What matters most: one ARN in each line, with * and ?; without it administrators, providers of \
                 identities, keys, secrets, state, what deploys, and what is tagged `doorward:tier=0`. It is read at the \
                 start.",
            )],
        },
        Section {
            name: "limits",
            about: "How much is taken on. Reaching a limit is answered as such and counted.",
            settings: limits(),
        },
    ]
}

fn setting(key: &'static str, form: &'static str, default: &dyn ToString, meaning: &'static str) -> Setting {
    Setting { key, form, default: default.to_string(), meaning }
}

fn top() -> Vec<Setting> {
    let minutes = format!("{}m", CHECKPOINT_EVERY.0 / Millis::MINUTE.0);
    vec![
        setting("listen", "address and port", &LISTEN, "Where the server listens; `--listen` wins."),
        setting("data_dir", "folder", &DATA_DIR, "Where its data lies; `--data-dir` wins."),
        setting(
            "public_url",
            "https URL",
            &"none",
            "By which URL the world knows it; needed when it listens on more than loopback.",
        ),
        setting(
            "cases_per_day",
            "number",
            &5,
            "How many cases a day are wanted at most: what is raised follows from it.",
        ),
        setting(
            "checkpoint_every",
            "span, 1m at least",
            &minutes,
            "After how long the state is kept for the next start.",
        ),
        setting(
            "checkpoint_records",
            "number from 1",
            &CHECKPOINT_RECORDS,
            "After how many records it is kept at the latest.",
        ),
        setting(
            "disk_max_mib",
            "MiB",
            &"0: no limit",
            "How large the journal may grow; then events are refused, and denials still bite.",
        ),
        setting(
            "rejects_max_mib",
            "MiB",
            &REJECTS_MAX_MIB,
            "How large each of the two files of rejects may grow.",
        ),
    ]
}

fn decision_log() -> Vec<Setting> {
    vec![
        setting(
            "decision_log",
            "`buffered` or `strict`",
            &"buffered",
            "Whether an answer waits until its record is durable. Buffered, a crash may lose the last records; the next start says so.",
        ),
        setting(
            "decision_flush_ms",
            "1 to 10000",
            &DECISION_FLUSH_MS,
            "How many milliseconds a buffered record waits at most.",
        ),
    ]
}

fn policy() -> Vec<Setting> {
    vec![
        setting("folder", "folder", &"required", "The folder of `*.cedar` files."),
        setting("schema", "file", &"none", "The Cedar schema."),
        setting("entities", "file", &"none", "Users, groups, resources and aliases."),
        setting("mode", MODE, &"shadow", "Whether what is decided is answered, or only recorded."),
        setting("risk_max", "0 to 100", &100, "The greatest risk at which anything passes."),
    ]
}

fn rung() -> Vec<Setting> {
    vec![
        setting(
            "severity_min",
            "`info`, `low`, `medium`, `high` or `critical`",
            &"required",
            "From which severity on.",
        ),
        setting("confidence_min", "0.0 to 1.0", &"required", "From which confidence on."),
        setting(
            "profile",
            "`deny`, `read-only`, `baseline-only`, `step-up` or `no-delegation`",
            &"required",
            "What still passes.",
        ),
        setting("lasts", "span, 1m at least", &"required", "How long the hold lasts."),
    ]
}

fn response() -> Vec<Setting> {
    let ladder = Ladder::default();
    vec![
        setting(
            "mode",
            "`record`, `shadow` or `enforce`",
            &"shadow",
            "Whether a finding leads to nothing, to a recommendation, or to a hold.",
        ),
        setting("exempt", "list of identity ids", &"[]", "Who is never held by itself."),
        setting(
            "holds_per_hour_max",
            "number",
            &ladder.holds_per_hour_max,
            "How many holds are placed by themselves in an hour; beyond that they are recommended.",
        ),
        setting("rung", "`[[response.rung]]` tables", &rungs(&ladder), "The ladder."),
    ]
}

fn rungs(ladder: &Ladder) -> String {
    let rungs = ladder.rungs.iter().map(|rung| {
        let (severity, profile) = (rung.severity_min.word(), rung.profile.word());
        let hours = rung.lasts.0 / Millis::HOUR.0;
        format!("{profile} for {hours}h from {severity} and {} % on", rung.confidence_min_milli / 10)
    });
    rungs.collect::<Vec<_>>().join("; ")
}

fn retention() -> Vec<Setting> {
    let days = |span: Millis| format!("{}d", span.0 / Millis::DAY.0);
    let row = |key, kept, meaning| setting(key, "span, 1d at least", &days(kept), meaning);
    vec![
        row("events", EVENTS_KEPT, "How long audit events are kept."),
        row("decisions", DECISIONS_KEPT, "How long the records of decisions are kept."),
        row("rejects", REJECTS_KEPT, "How long what could not be read is kept."),
        setting(
            "when_full",
            "`refuse` or `prune`",
            &"refuse",
            "What happens when the journal comes near its limit: nothing is taken in any more, or the oldest events \
             and decisions make room, but never those of the last day.",
        ),
    ]
}

fn limits() -> Vec<Setting> {
    let limits = Limits::default();
    vec![
        setting("body_bytes_max", BYTES, &limits.body_bytes_max, "The body of a question or command."),
        setting("depth_max", "number", &limits.depth_max, "How deep JSON may be nested."),
        setting("batch_max", "number", &limits.batch_max, "How many questions one batch may hold."),
        setting("ingest_bytes_max", BYTES, &limits.ingest_bytes_max, "A body of events, as sent."),
        setting("page_max", "number", &limits.page_max, "How many entries a page holds."),
        setting(
            "connections_max",
            "number",
            &limits.connections_max,
            "How many connections are served at once; the next ones wait.",
        ),
        setting("unpacked_bytes_max", BYTES, &limits.unpacked_bytes_max, "A body of events, unpacked."),
        setting(
            "as_of_rows_max",
            "number",
            &limits.as_of_rows_max,
            "How many rows of the log a question as of an instant may have read.",
        ),
        setting(
            "privilege_at_once",
            "number",
            &limits.privilege_at_once,
            "How many questions about privilege are answered at once; the next ones wait.",
        ),
        setting(
            "head_wait_ms",
            MS,
            &limits.head_wait.as_millis(),
            "How long the head of a request may take.",
        ),
        setting(
            "body_wait_ms",
            MS,
            &limits.body_wait.as_millis(),
            "How long the body of a request may take.",
        ),
        setting("queue_wait_ms", MS, &limits.queue_wait.as_millis(), "How long work may wait for room."),
        setting(
            "answer_wait_ms",
            MS,
            &limits.answer_wait.as_millis(),
            "How long the writer may take to answer.",
        ),
        setting(
            "stop_wait_ms",
            MS,
            &limits.stop_wait.as_millis(),
            "How long open requests may take when the server stops.",
        ),
    ]
}

const MODE: &str = "`learn`, `shadow` or `enforce`";
const BYTES: &str = "bytes";
const MS: &str = "milliseconds";

fn source() -> Vec<Setting> {
    vec![
        setting("name", "text", &"required", "The name under which its events are pushed or taken in."),
        setting(
            "trust",
            "`verified` or `asserted`",
            &"required",
            "An asserted source is only taken at its word: what follows from its events goes no further than step-up, and \
             carries no risk. A source that is not named is verified.",
        ),
    ]
}

fn watch() -> Vec<Setting> {
    vec![
        setting("folder", "folder", &"required", "The folder."),
        setting("source", "text", &"required", "The name under which its events are taken in."),
    ]
}

fn decisions() -> Vec<Setting> {
    vec![setting(
        "overflow",
        "`refuse` or `shed`",
        &"refuse",
        "What happens when 65,536 records of decisions wait, as after a while on a full disk: with `refuse` no decision is \
         given (503), not even a no, until there is room; with `shed` it is given, and the loss counted. See \
         `doorward_decisions_waiting`.",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::sections;

    /// The keys that the parser knows in a table, as it names them when it meets another one.
    fn known(name: &str) -> Vec<String> {
        let text = if name.is_empty() { "zzz = 1\n".to_owned() } else { format!("[{name}]\nzzz = 1\n") };
        let error = toml::from_str::<File>(&text).err().unwrap().to_string();
        let (_, expected) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
        let mut keys: Vec<_> = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        keys.sort();
        keys
    }

    #[test]
    fn every_setting_is_described_and_nothing_else() {
        for section in sections() {
            let mut described: Vec<_> =
                section.settings.iter().map(|setting| setting.key.to_owned()).collect();
            if section.name.is_empty() {
                // The outermost tables stand in the file as well.
                let names = sections().into_iter().map(|section| section.name.trim_matches(['[', ']']));
                described
                    .extend(names.filter(|name| !name.is_empty() && !name.contains('.')).map(str::to_owned));
            }
            described.sort();
            assert_eq!(described, known(section.name), "[{}]: describe it above, in this file", section.name);
        }
    }
}
