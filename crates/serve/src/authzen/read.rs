//! The body of a request in, questions out.

use std::borrow::Cow;

use doorward_views::snapshot::attribute::Record;
use serde::de::{DeserializeSeed, MapAccess};

use crate::authzen::json::{Depth, Fault, Form, Known, List, Listed, Object, Text, Values};

/// A subject or resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct Party<'a> {
    kind: Member<Cow<'a, str>>,
    id: Member<Cow<'a, str>>,
    properties: Member<Record>,
}

/// An action.
#[derive(Clone, Debug, Default)]
pub(crate) struct Action<'a> {
    name: Member<Cow<'a, str>>,
    properties: Member<Record>,
}

/// A member: absent, read, or not what it should be.
pub(crate) type Member<T> = Option<Result<T, Fault>>;

/// The four parts of a question, as they stand there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) subject: Member<Party<'a>>,
    pub(crate) action: Member<Action<'a>>,
    pub(crate) resource: Member<Party<'a>>,
    pub(crate) context: Member<Record>,
}

/// A whole question, borrowed from its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) subject: Named<'a>,
    pub(crate) action: &'a str,
    pub(crate) action_properties: Option<&'a Record>,
    pub(crate) resource: Named<'a>,
    pub(crate) context: Option<&'a Record>,
}

/// A subject or resource that is whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    pub(crate) properties: Option<&'a Record>,
}

/// Several questions in one body.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    pub(crate) defaults: Parts<'a>,
    pub(crate) items: Vec<Result<Parts<'a>, Fault>>,
    pub(crate) semantic: Semantic,
}

/// When a batch ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Semantic {
    /// After its last question.
    #[default]
    ExecuteAll,
    /// After the first no.
    DenyOnFirstDeny,
    /// After the first yes.
    PermitOnFirstPermit,
}

impl Semantic {
    const ALL: [(&'static str, Self); 3] = [
        ("execute_all", Self::ExecuteAll),
        ("deny_on_first_deny", Self::DenyOnFirstDeny),
        ("permit_on_first_permit", Self::PermitOnFirstPermit),
    ];

    /// Whether a batch ends with an answer.
    pub(crate) fn ends_at(self, decision: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !decision,
            Self::PermitOnFirstPermit => decision,
        }
    }
}

/// Reads the body of an evaluation.
pub(crate) fn single(body: &[u8], depth: Depth) -> Result<Parts<'_>, Fault> {
    object(body, depth)
}

/// Reads the body of evaluations. Without items it is a single question, which the defaults are.
pub(crate) fn batch(body: &[u8], depth: Depth, max: usize) -> Result<Batch<'_>, Fault> {
    let Whole { parts, evaluations, options } = object(body, depth)?;
    parts.check_types()?;
    let options = options.transpose().map_err(|fault: Fault| fault.of("options"))?;
    let semantic = options.map(|options| options.semantic());
    let listed = evaluations.map(|list| list.map_err(|fault| fault.of("evaluations"))).transpose()?;
    let Listed { items, count } = listed.unwrap_or(Listed { items: Vec::new(), count: 0 });
    if count > max {
        return Err(Fault(format!("evaluations: {count} items, and the limit is {max}")));
    }
    Ok(Batch { defaults: parts, items, semantic: semantic.transpose()?.unwrap_or_default() })
}

fn object<'a, F: Form<'a>>(body: &'a [u8], depth: Depth) -> Result<F, Fault> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Fault("the body is empty".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Object::within(depth).deserialize(&mut deserializer);
    let read = read.and_then(|form| deserializer.end().map(|()| form));
    read.map_err(|error| Fault(format!("the body is not JSON that can be read: {error}")))?
        .map_err(|fault| fault.of("the body"))
}

impl Parts<'_> {
    /// The question that these parts make, those that are absent taken from the defaults.
    pub(crate) fn question<'q>(&'q self, defaults: &'q Self) -> Result<Question<'q>, Fault> {
        let action = needed(self.action.as_ref().or(defaults.action.as_ref()), "action")?;
        let context = optional(self.context.as_ref().or(defaults.context.as_ref()), "context")?;
        Ok(Question {
            subject: named(self.subject.as_ref().or(defaults.subject.as_ref()), "subject")?,
            action: needed(action.name.as_ref(), "name").map_err(|fault| fault.of("action"))?,
            action_properties: optional(action.properties.as_ref(), "properties")
                .map_err(|fault| fault.of("action"))?,
            resource: named(self.resource.as_ref().or(defaults.resource.as_ref()), "resource")?,
            context,
        })
    }

    /// A default that is no object at all breaks the whole batch; one that lacks something, only who needs it.
    fn check_types(&self) -> Result<(), Fault> {
        optional(self.subject.as_ref(), "subject")?;
        optional(self.action.as_ref(), "action")?;
        optional(self.resource.as_ref(), "resource")?;
        optional(self.context.as_ref(), "context")?;
        Ok(())
    }
}

fn named<'q>(party: Option<&'q Result<Party<'_>, Fault>>, member: &str) -> Result<Named<'q>, Fault> {
    let party = needed(party, member)?;
    let whole = || {
        Ok(Named {
            kind: needed(party.kind.as_ref(), "type")?,
            id: needed(party.id.as_ref(), "id")?,
            properties: optional(party.properties.as_ref(), "properties")?,
        })
    };
    whole().map_err(|fault: Fault| fault.of(member))
}

fn needed<'q, T>(value: Option<&'q Result<T, Fault>>, member: &str) -> Result<&'q T, Fault> {
    optional(value, member)?.ok_or_else(|| Fault("missing".to_owned()).of(member))
}

fn optional<'q, T>(value: Option<&'q Result<T, Fault>>, member: &str) -> Result<Option<&'q T>, Fault> {
    value.map(Result::as_ref).transpose().map_err(|fault| fault.clone().of(member))
}

impl<'de> Form<'de> for Party<'de> {
    const WHAT: &'static str = "an object";

    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        depth: Depth,
    ) -> Result<Known, A::Error> {
        match name {
            "type" => self.kind = Some(map.next_value_seed(Text(depth))?),
            "id" => self.id = Some(map.next_value_seed(Text(depth))?),
            "properties" => self.properties = Some(map.next_value_seed(Values(depth))?),
            _ => return Ok(Known::No),
        }
        Ok(Known::Yes)
    }
}

impl<'de> Form<'de> for Action<'de> {
    const WHAT: &'static str = "an object";

    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        depth: Depth,
    ) -> Result<Known, A::Error> {
        match name {
            "name" => self.name = Some(map.next_value_seed(Text(depth))?),
            "properties" => self.properties = Some(map.next_value_seed(Values(depth))?),
            _ => return Ok(Known::No),
        }
        Ok(Known::Yes)
    }
}

impl<'de> Form<'de> for Parts<'de> {
    const WHAT: &'static str = "an object";

    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        depth: Depth,
    ) -> Result<Known, A::Error> {
        match name {
            "subject" => self.subject = Some(map.next_value_seed(Object::within(depth))?),
            "action" => self.action = Some(map.next_value_seed(Object::within(depth))?),
            "resource" => self.resource = Some(map.next_value_seed(Object::within(depth))?),
            "context" => self.context = Some(map.next_value_seed(Values(depth))?),
            _ => return Ok(Known::No),
        }
        Ok(Known::Yes)
    }
}

/// The body of evaluations.
#[derive(Debug, Default)]
struct Whole<'a> {
    parts: Parts<'a>,
    evaluations: Member<Listed<Parts<'a>>>,
    options: Member<Options<'a>>,
}

impl<'de> Form<'de> for Whole<'de> {
    const WHAT: &'static str = "an object";

    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        depth: Depth,
    ) -> Result<Known, A::Error> {
        match name {
            "evaluations" => {
                self.evaluations = Some(map.next_value_seed(List::within(depth, ITEMS_KEPT))?);
            }
            "options" => self.options = Some(map.next_value_seed(Object::within(depth))?),
            _ => return self.parts.member(name, map, depth),
        }
        Ok(Known::Yes)
    }
}

/// Items beyond it are counted and not kept; the limit of a batch is no greater.
pub(crate) const ITEMS_KEPT: usize = 100_000;

#[derive(Debug, Default)]
struct Options<'a> {
    semantic: Member<Cow<'a, str>>,
}

impl Options<'_> {
    fn semantic(&self) -> Result<Semantic, Fault> {
        let member = "options.evaluations_semantic";
        let Some(word) = optional(self.semantic.as_ref(), member)? else { return Ok(Semantic::default()) };
        let known = Semantic::ALL.into_iter().find(|(name, _)| name == word);
        let expected = "execute_all, deny_on_first_deny or permit_on_first_permit";
        known.map(|(_, semantic)| semantic).ok_or_else(|| Fault::expected(expected).of(member))
    }
}

impl<'de> Form<'de> for Options<'de> {
    const WHAT: &'static str = "an object";

    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
        depth: Depth,
    ) -> Result<Known, A::Error> {
        if name != "evaluations_semantic" {
            return Ok(Known::No);
        }
        self.semantic = Some(map.next_value_seed(Text(depth))?);
        Ok(Known::Yes)
    }
}
