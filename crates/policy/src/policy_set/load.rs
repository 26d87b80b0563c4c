//! Policy and schema files in; a validated set, or every error with file and line, out.

use std::collections::BTreeMap;
use std::fmt;

use cedar_policy::{PolicyId, Schema, SchemaFragment, SlotId, ValidationMode, ValidationWarning, Validator};
use doorward_model::decision::ObligationType;
use doorward_model::hash::Hash16;
use doorward_views::snapshot::entity::Name;
use miette::Diagnostic;

use crate::actions::{Actions, Misread};
use crate::cedar::reads::{offset_of_policy, offset_of_template};
use crate::policy_set::{Link, PolicySet, types_of};

/// A file, by the name that messages use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a policy set is made of.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Policies and templates.
    pub policies: Vec<Source>,
    /// The parts of the schema.
    pub schema: Vec<Source>,
    /// Templates with their slots filled.
    pub links: Vec<Link>,
}

/// Something that keeps a policy set from being loaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoadError {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 when it is the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl std::error::Error for LoadError {}

/// Where each policy stands.
type Places = BTreeMap<String, (String, usize)>;

impl PolicySet {
    /// Reads, checks against the schema, and indexes. A policy is named by its `@id`, else by its file and its place
    /// in it, from 0: `invoices.cedar#2`.
    ///
    /// # Errors
    /// Every error that was found, by file and line; nothing is loaded then.
    pub fn load(sources: &Sources) -> Result<Self, Vec<LoadError>> {
        let fragments = read_all(&sources.schema, read_schema)?;
        let schema = Schema::from_schema_fragments(fragments.iter().cloned())
            .map_err(|error| vec![whole(&sources.schema, &error)])?;
        let parsed = read_all(&sources.policies, read_policies)?;
        let (mut set, places) = gather(parsed)?;
        let mut errors: Vec<_> =
            sources.links.iter().filter_map(|link| fill(&mut set, link, &places).err()).collect();
        errors.extend(check_annotations(&set, &places));
        errors.extend(check(&set, &schema, &places));
        let mut actions = Actions::of(Some(&schema));
        for (source, fragment) in sources.schema.iter().zip(&fragments) {
            errors.extend(actions.annotate(fragment).iter().map(|misread| source.misread(misread)));
        }
        if !errors.is_empty() {
            errors.sort();
            return Err(errors);
        }
        Ok(Self::assemble(set, actions, types_of(Some(&schema)), hash(sources)))
    }
}

fn read_all<'a, T>(
    sources: &'a [Source],
    read: impl Fn(&'a Source) -> Result<T, Vec<LoadError>>,
) -> Result<Vec<T>, Vec<LoadError>> {
    let (mut parts, mut errors) = (Vec::new(), Vec::new());
    for source in sources {
        match read(source) {
            Ok(part) => parts.push(part),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(parts) } else { Err(errors) }
}

fn read_schema(source: &Source) -> Result<SchemaFragment, Vec<LoadError>> {
    let read = SchemaFragment::from_cedarschema_str(&source.text);
    read.map(|(fragment, _)| fragment).map_err(|error| vec![source.error(offset(&error), &error)])
}

/// Where an error lies, in bytes: its first label, or that of the first error behind it.
fn offset(error: &dyn Diagnostic) -> usize {
    let label = error.labels().and_then(|mut labels| labels.next()).map(|label| label.offset());
    let behind = || error.related().and_then(|mut errors| errors.next()).map(offset);
    label.or_else(behind).unwrap_or_default()
}

type Parsed<'a> = (&'a Source, cedar_policy::PolicySet);

fn read_policies(source: &Source) -> Result<Parsed<'_>, Vec<LoadError>> {
    let read = source.text.parse::<cedar_policy::PolicySet>();
    let located = |error: &cedar_policy::ParseError| source.error(offset(error), error);
    read.map(|set| (source, set)).map_err(|errors| errors.iter().map(located).collect())
}

/// All policies of all files in one set, under their own names.
fn gather(parsed: Vec<Parsed<'_>>) -> Result<(cedar_policy::PolicySet, Places), Vec<LoadError>> {
    let mut all = cedar_policy::PolicySet::new();
    let (mut places, mut errors) = (Places::new(), Vec::new());
    for (source, set) in parsed {
        let lines = Lines::of(&source.text);
        let default = |id: &PolicyId| {
            let file = source.path.rsplit('/').next().unwrap_or(&source.path);
            format!("{file}#{}", id.to_string().trim_start_matches("policy"))
        };
        for policy in set.policies() {
            let id = policy.annotation("id").map_or_else(|| default(policy.id()), str::to_owned);
            let line = lines.at(offset_of_policy(policy));
            places.entry(id.clone()).or_insert_with(|| (source.path.clone(), line));
            if let Err(error) = all.add(policy.new_id(PolicyId::new(&id))) {
                errors.push(LoadError { path: source.path.clone(), line, message: error.to_string() });
            }
        }
        for template in set.templates() {
            let id = template.annotation("id").map_or_else(|| default(template.id()), str::to_owned);
            let line = lines.at(offset_of_template(template));
            places.entry(id.clone()).or_insert_with(|| (source.path.clone(), line));
            if let Err(error) = all.add_template(template.new_id(PolicyId::new(&id))) {
                errors.push(LoadError { path: source.path.clone(), line, message: error.to_string() });
            }
        }
    }
    if errors.is_empty() { Ok((all, places)) } else { Err(errors) }
}

/// Adds a template with its slots filled.
fn fill(set: &mut cedar_policy::PolicySet, link: &Link, places: &Places) -> Result<(), LoadError> {
    let (path, line) = places.get(&link.template).cloned().unwrap_or_default();
    let fail = |message: String| LoadError {
        path: path.clone(),
        line,
        message: format!("link {}: {message}", link.id),
    };
    let slots = [(SlotId::principal(), &link.principal), (SlotId::resource(), &link.resource)];
    let slots = slots.into_iter().filter_map(|(slot, name)| name.as_ref().map(|name| (slot, name)));
    let values: Result<Vec<_>, _> = slots.map(|(slot, name)| Ok((slot, uid(name).map_err(&fail)?))).collect();
    set.link(PolicyId::new(&link.template), PolicyId::new(&link.id), values?.into_iter().collect())
        .map_err(|error| fail(told(&error)))
}

/// An error with what is behind it.
fn told(error: &dyn std::error::Error) -> String {
    let behind = std::iter::successors(error.source(), |error| error.source());
    behind.fold(error.to_string(), |told, error| format!("{told}: {error}"))
}

fn uid(name: &Name) -> Result<cedar_policy::EntityUid, String> {
    let kind = name.kind.parse().map_err(|_| format!("{:?} is no entity type", name.kind))?;
    Ok(cedar_policy::EntityUid::from_type_name_and_id(kind, cedar_policy::EntityId::new(&*name.id)))
}

fn check(set: &cedar_policy::PolicySet, schema: &Schema, places: &Places) -> Vec<LoadError> {
    let validator = Validator::new(schema.clone());
    let links = match filled(set) {
        Ok(links) => links,
        Err((id, message)) => return vec![located(set, places, &id, message)],
    };
    let results = [set, &links].map(|set| validator.validate(set, ValidationMode::Strict));
    let errors = results.iter().flat_map(|result| result.validation_errors());
    let errors = errors.map(|error| located(set, places, error.policy_id(), error.to_string()));
    let warnings = results.iter().flat_map(|result| result.validation_warnings());
    let never = warnings.filter_map(|warning| match warning {
        ValidationWarning::ImpossiblePolicy(never) => {
            Some(located(set, places, never.policy_id(), format!("can never match: {never}")))
        }
        _ => None,
    });
    errors.chain(never).collect()
}

/// Links as policies of their own: Cedar checks a template, but not what fills its slots.
fn filled(set: &cedar_policy::PolicySet) -> Result<cedar_policy::PolicySet, (PolicyId, String)> {
    let mut own = cedar_policy::PolicySet::new();
    for link in set.policies().filter(|policy| !policy.is_static()) {
        let fail = |error: &dyn std::error::Error| (link.id().clone(), told(error));
        let json = link.to_json().map_err(|error| fail(&error))?;
        let policy =
            cedar_policy::Policy::from_json(Some(link.id().clone()), json).map_err(|error| fail(&error))?;
        own.add(policy).map_err(|error| fail(&error))?;
    }
    Ok(own)
}

fn check_annotations(set: &cedar_policy::PolicySet, places: &Places) -> Vec<LoadError> {
    let wrong = |policy: &cedar_policy::Policy| {
        let number = |key: &str| policy.annotation(key).is_none_or(|text| text.parse::<u32>().is_ok());
        let obligation =
            policy.annotation("obligation").is_none_or(|word| ObligationType::from_word(word).is_some());
        match (
            number("max_age"),
            obligation,
            policy.annotation("max_age").is_some() && policy.annotation("step_up").is_none(),
        ) {
            (false, _, _) => Some("@max_age is no number of seconds"),
            (_, false, _) => {
                Some("@obligation is none of custom, step-up, notification, session_termination")
            }
            (_, _, true) => Some("@max_age without @step_up"),
            (true, true, false) => None,
        }
    };
    let located = |policy: &cedar_policy::Policy| {
        wrong(policy).map(|message| located(set, places, policy.id(), message.to_owned()))
    };
    set.policies().filter_map(located).collect()
}

/// The place of a policy; of a link, that of its template.
fn located(set: &cedar_policy::PolicySet, places: &Places, id: &PolicyId, message: String) -> LoadError {
    let template = set.policy(id).and_then(|policy| policy.template_id());
    let place = places.get(&id.to_string()).or_else(|| places.get(&template?.to_string()));
    let (path, line) = place.cloned().unwrap_or_default();
    LoadError { path, line, message }
}

fn whole(sources: &[Source], error: &dyn fmt::Display) -> LoadError {
    let path = sources.iter().map(|source| source.path.as_str()).collect::<Vec<_>>().join(", ");
    LoadError { path, line: 0, message: error.to_string() }
}

fn hash(sources: &Sources) -> Hash16 {
    let files =
        sources.schema.iter().chain(&sources.policies).flat_map(|source| [&source.path, &source.text]);
    let links: Vec<_> = sources.links.iter().map(|link| format!("{link:?}")).collect();
    let parts: Vec<_> = files.chain(&links).map(String::as_bytes).collect();
    Hash16::of_parts(&parts)
}

impl Source {
    fn error(&self, offset: usize, error: &dyn fmt::Display) -> LoadError {
        let line = Lines::of(&self.text).at(offset);
        LoadError { path: self.path.clone(), line, message: error.to_string() }
    }

    /// Cedar does not tell where an annotation stands: it is the first line that has both its name and its text.
    fn misread(&self, Misread { key, text, expected }: &Misread) -> LoadError {
        let (name, quoted) = (format!("@{key}"), format!("{text:?}"));
        let at = self.text.lines().position(|line| line.contains(&name) && line.contains(&quoted));
        let line = at.map_or(0, |at| at + 1);
        LoadError { path: self.path.clone(), line, message: format!("@{key}({text:?}) is {expected}") }
    }
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The line, from 1, that a byte lies in.
    fn at(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|end| *end < offset)
    }
}
