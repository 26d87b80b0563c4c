//! What a value is, by its content.

use std::borrow::Cow;

use doorward_model::inventory::Source;
use doorward_model::reject::RejectReason;

use crate::inventory::draft::{Beside, Draft};
use crate::inventory::{
    analyzer, center, config, credential_report, iam, organizations, resource_policy, workload,
};
use crate::json::value::Value;

/// A form of inventory that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// An item of AWS Config.
    Config,
    /// Items of AWS Config in one answer.
    ConfigAnswer,
    CredentialReport,
    /// A single answer of IAM.
    Iam,
    Organizations,
    ResourcePolicy,
    Workload,
    Center,
    Analyzer,
}

type Recognises = fn(&Top<'_>) -> bool;

/// The forms, the more special before the more general.
const FORMS: [(Form, Recognises); 9] = [
    (Form::Config, config::is_item),
    (Form::ConfigAnswer, config::is_answer),
    (Form::CredentialReport, credential_report::recognises),
    (Form::Iam, iam::answer::recognises),
    (Form::Organizations, organizations::recognises),
    (Form::ResourcePolicy, resource_policy::recognises),
    (Form::Workload, workload::recognises),
    (Form::Center, center::recognises),
    (Form::Analyzer, analyzer::recognises),
];

/// Lists that answers are made of, and which may be longer than any record.
pub(crate) const LISTS: [&str; 26] = [
    "Accounts",
    "AccountAssignments",
    "BaseConfigurationItems",
    "DevEndpoints",
    "findings",
    "Functions",
    "GroupMemberships",
    "Groups",
    "InstanceProfiles",
    "Jobs",
    "LaunchTemplates",
    "LaunchTemplateVersions",
    "NotebookInstances",
    "OrganizationalUnits",
    "PermissionSets",
    "Policies",
    "projects",
    "Reservations",
    "Results",
    "services",
    "ServicesLastAccessed",
    "Stacks",
    "Targets",
    "tasks",
    "Users",
    "VirtualMFADevices",
];

impl Form {
    /// What kind of source this is.
    pub(super) const fn source(self) -> Source {
        match self {
            Self::Config | Self::ConfigAnswer => Source::Config,
            Self::CredentialReport => Source::CredentialReport,
            Self::Iam => Source::Iam,
            Self::Organizations => Source::Organizations,
            Self::ResourcePolicy | Self::Workload => Source::Service,
            Self::Center => Source::IdentityCenter,
            Self::Analyzer => Source::AccessAnalyzer,
        }
    }
}

/// The fields of an object, taken apart once for all questions about them.
pub(super) struct Top<'a> {
    pub(super) value: Value<'a>,
    fields: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Top<'a> {
    pub(super) fn of(value: Value<'a>) -> Self {
        Self { value, fields: value.fields().collect() }
    }

    /// The value of a field.
    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Whether a field holds an object with another one, or a list that begins with such; an empty list holds all when
    /// it is the only thing here.
    pub(super) fn holds(&self, name: &str, mark: &str) -> bool {
        let Some(field) = self.get(name) else { return false };
        match field.items().next() {
            Some(first) => first.is_object() && first.fields().any(|(key, _)| key.eq_ignore_ascii_case(mark)),
            None => field.raw() == "[]" && self.is_only(name),
        }
    }

    /// Whether nothing stands beside a field but what tells of further pages.
    pub(super) fn is_only(&self, name: &str) -> bool {
        self.fields.iter().all(|(key, _)| key == name || PAGING.contains(&key.as_ref()))
    }

    /// The names of the fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(key, _)| key.as_ref())
    }
}

/// What stands beside a list in an answer of AWS.
const PAGING: [&str; 8] = [
    "IsTruncated",
    "Marker",
    "NextMarker",
    "NextToken",
    "PaginationToken",
    "ResponseMetadata",
    "failures",
    "nextToken",
];

/// What form of inventory a value is, if it is one.
pub(crate) fn form(value: Value<'_>) -> Option<Form> {
    let top = Top::of(value);
    match wrapped(&top) {
        Some((_, inner)) => known(&Top::of(inner)),
        None => known(&top),
    }
}

fn known(top: &Top<'_>) -> Option<Form> {
    FORMS.iter().find(|(_, recognises)| recognises(top)).map(|(form, _)| *form)
}

/// Reads a value of a form.
pub(super) fn read(form: Form, value: Value<'_>, draft: &mut Draft<'_>) -> Result<(), RejectReason> {
    let mut top = Top::of(value);
    if let Some((beside, inner)) = wrapped(&top) {
        draft.beside = beside;
        top = Top::of(inner);
    }
    if !draft.beside.account.is_empty() {
        // Whose it is does not depend on whether it can be read.
        let account = draft.beside.account.clone();
        draft.sheet(&account);
    }
    match form {
        Form::Config => config::item(top.value, draft),
        Form::ConfigAnswer => config::answer(&top, draft),
        Form::CredentialReport => credential_report::answer(&top, draft),
        Form::Iam => iam::answer::read(&top, draft),
        Form::Organizations => organizations::read(&top, draft),
        Form::ResourcePolicy => resource_policy::read(&top, draft),
        Form::Workload => workload::read(&top, draft),
        Form::Center => center::read(&top, draft),
        Form::Analyzer => analyzer::read(&top, draft),
    }
}

/// An answer with what was written beside it: `{"account": ..., "region": ..., "about": ..., "output": {...}}`.
fn wrapped<'a>(top: &Top<'a>) -> Option<(Beside, Value<'a>)> {
    let output = top.get("output").filter(|output| output.is_object())?;
    let told = |name| top.get(name).map(Value::scalar).unwrap_or_default().into_owned();
    let beside = Beside { account: told("account"), region: told("region"), about: told("about") };
    let names_only_these = top.names().all(|name| matches!(name, "account" | "region" | "about" | "output"));
    (names_only_these && top.names().count() > 1).then_some((beside, output))
}

/// The name of an answer of AWS that is not read: it is a list of things that have ARNs, or a wrapped answer.
pub(crate) fn unread(value: Value<'_>) -> Option<String> {
    let top = Top::of(value);
    let top = wrapped(&top).map_or(top, |(_, inner)| Top::of(inner));
    let name = top.names().find(|name| !PAGING.contains(name))?;
    let things = top.get(name).filter(|_| top.is_only(name))?;
    let first = things.items().next()?;
    let has_arn = |value: Value<'_>| value.fields().any(|(_, field)| field.scalar().starts_with("arn:aws"));
    let is_answer =
        has_arn(first) || (first.scalar().starts_with("arn:aws") && things.raw().starts_with('['));
    is_answer.then(|| format!("answer of AWS with {}", name.chars().take(NAME_CHARS_MAX).collect::<String>()))
}

/// So much of a name is told.
const NAME_CHARS_MAX: usize = 64;
