//! Policy files: checked and tested without a server, published to one, and shown.

mod cases;
mod published;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use doorward_model::decision::{Mode, Pep};
use doorward_model::record::{CONFIGURATION, PepSet};
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::LoadError;
use doorward_policy::world::Settings;
use doorward_serve::policy_files::{self, Candidates, Costs, RequestKind, Warning};
use doorward_views::control::Control;
use doorward_views::snapshot::writer::EntityRow;
use serde::Serialize;
use serde_json::Value;

use crate::cli::files::{PolicyCheckArgs, PolicyTestArgs, PolicyVerb};
use crate::serve::clock;
use crate::verbs::folder::HASH_SEED;
use crate::verbs::grid::text;
use crate::verbs::policy::cases::Case;
use crate::verbs::print::print;
use crate::verbs::world;

/// Checks, tests, publishes or shows policy files.
pub(crate) fn policy(verb: &PolicyVerb) -> Result<()> {
    match verb {
        PolicyVerb::Check(args) => check(args),
        PolicyVerb::Test(args) => test(args),
        PolicyVerb::Publish(args) => published::publish(args),
        PolicyVerb::Show(args) => published::show(args),
    }
}

/// What a check found.
#[derive(Serialize)]
struct Checked {
    policies: usize,
    entities: usize,
    /// How many of the policies a request meets; absent where there are errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Candidates>,
    errors: Vec<ErrorRow>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct ErrorRow {
    file: String,
    /// From 1; 0 when it is the file as a whole.
    line: usize,
    message: String,
}

fn check(args: &PolicyCheckArgs) -> Result<()> {
    let checked = match read(&args.folder, (&args.files.schema, &args.files.entities))? {
        Ok((set, entities)) => {
            let Costs { policies, candidates, warnings } = Costs::from(&set);
            let (candidates, entities) = (Some(candidates), entities.len());
            Checked { policies, entities, candidates, errors: Vec::new(), warnings }
        }
        Err(errors) => {
            let errors = errors.into_iter().map(error_row).collect();
            Checked { policies: 0, entities: 0, candidates: None, errors, warnings: Vec::new() }
        }
    };
    print(&checked, args.files.output, table)?;
    match checked.errors.len() {
        0 => Ok(()),
        1 => bail!("the policies have an error"),
        count => bail!("the policies have {count} errors"),
    }
}

fn table(checked: &Checked) -> String {
    let mut told = String::new();
    for ErrorRow { file, line, message } in &checked.errors {
        match line {
            0 => told.push_str(&format!("{file}: {message}\n")),
            _ => told.push_str(&format!("{file}:{line}: {message}\n")),
        }
    }
    if let Some(candidates) = &checked.candidates {
        told.push_str(&format!(
            "{} policies and {} entities, all valid.\n{}",
            checked.policies,
            checked.entities,
            dear(candidates, &checked.warnings)
        ));
    }
    told
}

/// What makes decisions dear.
fn dear(Candidates { typical, most, dearest }: &Candidates, warnings: &[Warning]) -> String {
    let mut told = String::new();
    if let Some(RequestKind { principal, action, resource }) = dearest {
        told.push_str(&format!(
            "A request meets {typical} of them, {most} where it is dearest ({principal}, {action}, {resource}), \
             beside those that name its entities.\n",
        ));
    }
    for Warning { policy, message, .. } in warnings {
        told.push_str(&format!("warning: {policy}: {message}\n"));
    }
    told
}

fn error_row(error: LoadError) -> ErrorRow {
    ErrorRow { file: error.path, line: error.line, message: error.message }
}

/// What a test found.
#[derive(Serialize)]
struct Tested {
    cases: usize,
    failed: Vec<Failed>,
}

/// A case that was answered otherwise.
#[derive(Serialize)]
struct Failed {
    case: String,
    expected: bool,
    /// The answer with all that was looked at; absent where there is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    request: Value,
}

fn test(args: &PolicyTestArgs) -> Result<()> {
    let (set, entities) = read(&args.folder, (&args.files.schema, &args.files.entities))?
        .map_err(|errors| world::joined(&errors))?;
    let cases = cases::read(&args.cases)?;
    // Both enforce, so that what is answered is what the policies say.
    let settings = Settings { mode: Mode::Enforce, ..Settings::default() };
    let pep = Pep { name: "test".to_owned(), mode: Mode::Enforce.into() };
    let pep = PepSet { pep, by: CONFIGURATION.to_owned() };
    let nothing = Control::new(HASH_SEED);
    let world = world::with(&nothing, &[], (set, entities), settings)?;
    let now = clock();
    let count = cases.len();
    let outcome = |case: Case| failed(world::explain(&world, &pep, &case.request, now), case);
    let tested = Tested { cases: count, failed: cases.into_iter().filter_map(outcome).collect() };
    print(&tested, args.files.output, outcomes)?;
    match tested.failed.len() {
        0 => Ok(()),
        failed => bail!("{failed} of {count} cases failed"),
    }
}

fn failed(answer: Result<Value>, case: Case) -> Option<Failed> {
    let Case { name, request, expected } = case;
    let (answer, error) = match answer {
        Ok(answer) if answer.pointer("/answer/decision") == Some(&Value::Bool(expected)) => return None,
        Ok(answer) => (Some(answer), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Some(Failed { case: name, expected, answer, error, request })
}

fn outcomes(tested: &Tested) -> String {
    let mut told = String::new();
    for Failed { case, expected, answer, error, request } in &tested.failed {
        let found = match (answer, error) {
            (Some(answer), _) => format!(
                "{} because {}",
                text(answer, "/answer/decision").replace("yes", "true").replace("no", "false"),
                text(answer, "/answer/context/reasons"),
            ),
            (None, error) => format!("an error: {}", error.as_deref().unwrap_or_default()),
        };
        told.push_str(&format!(
            "{case}: expected {expected}, found {found}\n  {} {} {} {} {}\n",
            text(request, "/subject/type"),
            text(request, "/subject/id"),
            text(request, "/action/name"),
            text(request, "/resource/type"),
            text(request, "/resource/id"),
        ));
    }
    told.push_str(&format!("{} of {} cases passed.\n", tested.cases - tested.failed.len(), tested.cases));
    told
}

/// A set with its entities, or what is wrong with its files.
type Read = Result<(PolicySet, Vec<EntityRow>), Vec<LoadError>>;

/// Reads the files of a set. Messages name them by their whole path, as an editor can open them.
fn read(folder: &Path, others: Others<'_>) -> Result<Read> {
    let texts = texts(folder, others)?;
    let texts = texts.into_iter().map(|(path, text)| (path.display().to_string(), text)).collect();
    Ok(policy_files::read(&texts).map_err(|errors| with_hint(errors, others)))
}

/// Schema and entities.
type Others<'a> = (&'a Option<PathBuf>, &'a Option<PathBuf>);

/// The files of a set, by their paths.
fn texts(folder: &Path, (schema, entities): Others<'_>) -> Result<BTreeMap<PathBuf, String>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let told = || format!("cannot list {}", folder.display());
    for entry in fs::read_dir(folder).with_context(told)? {
        let path = entry.with_context(told)?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        bail!("there is no *.cedar in {}", folder.display());
    }
    paths.extend(schema.iter().chain(entities).cloned());
    let mut texts = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        texts.insert(path, text);
    }
    Ok(texts)
}

/// Without a schema everything that a policy names is unknown: that is said once.
fn with_hint(mut errors: Vec<LoadError>, (schema, _): Others<'_>) -> Vec<LoadError> {
    if schema.is_none() {
        let message = "no schema was named, so no name is known: name it with --schema".to_owned();
        errors.insert(0, LoadError { path: "schema".to_owned(), line: 0, message });
    }
    errors
}
