//! A record that changes something, taken apart, and where is written what it says.

use std::ops::Range;

use doorward_model::event::Event;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::{AccountExport, Origin, Source};
use doorward_model::reject::RejectReason;

use crate::change::{Change, Holder, NOT_SHOWN, Told};
use crate::inventory::aws::{get, partition_of, text};
use crate::inventory::document;
use crate::inventory::draft::Draft;
use crate::json::value::Value;

/// Reads one kind of record.
pub(super) type Reader = fn(&mut Record<'_>) -> Result<(), Unclear>;

/// Why nobody can tell what has changed.
pub(super) struct Unclear(pub(super) String);

impl From<RejectReason> for Unclear {
    fn from(reason: RejectReason) -> Self {
        Self(reason.to_string())
    }
}

/// A record with what it says so far.
pub(super) struct Record<'a> {
    pub(super) event: &'a Event,
    /// `requestParameters`
    pub(super) request: Value<'a>,
    /// `responseElements`
    pub(super) response: Value<'a>,
    /// `serviceEventDetails`
    pub(super) details: Value<'a>,
    /// `resources`
    resources: Value<'a>,
    /// Rows that it shows whole.
    pub(super) draft: Draft<'static>,
    pub(super) changes: Vec<Change>,
}

/// Rows of events stand in no file.
static NOWHERE: Range<u64> = 0..0;

impl<'a> Record<'a> {
    pub(super) fn of(event: &'a Event, text: &'a str) -> Self {
        let mut draft = Draft::new(Source::Event, &NOWHERE);
        draft.at_ms = event.happened_at_ms;
        event.account.clone_into(&mut draft.beside.account);
        event.region.clone_into(&mut draft.beside.region);
        let [mut request, mut response, mut details, mut resources] = [Value::NULL; 4];
        for (key, value) in Value::new(text).fields() {
            match &*key {
                "requestParameters" => request = value,
                "responseElements" => response = value,
                "serviceEventDetails" => details = value,
                "resources" => resources = value,
                _ => {}
            }
        }
        Self { event, request, response, details, resources, draft, changes: Vec::new() }
    }

    pub(super) fn told(self) -> Option<Told> {
        let rows = self.draft.accounts.into_iter().map(|(account, rows)| AccountExport { account, ..rows });
        let rows: Vec<_> = rows.filter(|rows| rows.counts().next().is_some()).collect();
        let says = !rows.is_empty() || !self.changes.is_empty();
        says.then_some(Told { rows, changes: self.changes })
    }

    /// The scalar of a parameter of the request; empty when it is not there.
    pub(super) fn asked(&self, name: &str) -> String {
        text(self.request, name).into_owned()
    }

    /// The scalar of a parameter that has to be there.
    pub(super) fn needed(&self, name: &str) -> Result<String, Unclear> {
        needed(self.request, name, "the request")
    }

    /// The partition that it happened in.
    pub(super) fn partition(&self) -> &'static str {
        partition_of(&self.event.region)
    }

    /// Somebody or something of IAM in the account of the record, by a name that a parameter tells.
    pub(super) fn named(&self, kind: &str, parameter: &str) -> Result<Holder, Unclear> {
        let name = self.needed(parameter)?;
        Ok(self.called(kind, &name))
    }

    /// The same by its name.
    pub(super) fn called(&self, kind: &str, name: &str) -> Holder {
        let id = format!("arn:{}:iam::{}:{kind}/{name}", self.partition(), self.event.account);
        Holder { id, is_named: true }
    }

    /// The ARN of something of a service in the account and region of the record.
    pub(super) fn arn(&self, service: &str, what: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{what}", self.partition(), self.event.region, self.event.account)
    }

    /// A resource of a type that the record lists, with the account that owns it.
    pub(super) fn listed(&self, kind: &str) -> Option<(String, String)> {
        let is_of_kind = |one: &Value<'_>| text(*one, "type") == kind;
        let one = self.resources.items().find(is_of_kind)?;
        let arn = text(one, "ARN").into_owned();
        arn.starts_with("arn:").then(|| (arn, text(one, "accountId").into_owned()))
    }

    /// A policy that is a part of its holder, with the document that stands in a value, or of which nothing is shown.
    pub(super) fn own(
        &mut self,
        holder: Holder,
        policy: String,
        origin: Origin,
        document: Option<Value<'_>>,
    ) {
        let text = shown(document);
        self.changes.push(Change::Own { holder, policy, origin, text });
    }

    /// The policy of a resource; an empty one is none.
    pub(super) fn of_resource(&mut self, arn: &str, document: Option<Value<'_>>) {
        let holder = Holder::of(arn);
        if document.is_some_and(|document| matches!(document.raw(), "\"\"" | "{}")) {
            self.no_policy_of_resource(arn);
        } else {
            self.own(holder, "resource".to_owned(), Origin::Resource, document);
        }
    }

    pub(super) fn no_policy_of_resource(&mut self, arn: &str) {
        let (holder, policy) = (Holder::of(arn), "resource".to_owned());
        self.changes.push(Change::OwnGone { holder, policy, origin: Origin::Resource });
    }

    /// Something is told of a resource.
    pub(super) fn resource(&mut self, row: Resource, part: &'static str) {
        self.changes.push(Change::Resource { row: Box::new(row), part, role: None });
    }
}

/// The scalar of a field that has to be there.
pub(super) fn needed(value: Value<'_>, name: &str, of: &str) -> Result<String, Unclear> {
    match text(value, name) {
        said if said.is_empty() && text(value, "omitted") == "true" => {
            Err(Unclear(format!("CloudTrail has left out {of}, so that {name} is not known")))
        }
        said if said.is_empty() => Err(Unclear(format!("{name} is missing in {of}"))),
        said => Ok(said.into_owned()),
    }
}

/// The text of a document, or that it is not shown.
pub(super) fn shown(document: Option<Value<'_>>) -> String {
    let document = document.filter(|document| document.raw() != "null");
    document.map_or_else(|| NOT_SHOWN.to_owned(), document::kept)
}

/// The document in a field of a value.
pub(super) fn document_in<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    get(value, name)
}
