//! What an enforcement point may tell of the circumstances in `context.doorward`, beyond what policies read:
//!
//! ```json
//! {"session": "s-1", "task": "t-1", "tool": "shell", "on_behalf_of": "alice",
//!  "credential": {"id": "AKIA...", "iat": 1760000000, "exp": 1760003600},
//!  "authentication": {"acr": "mfa", "auth_time": 1760000000}}
//! ```
//!
//! Sessions, tasks, tools and credentials can be held or revoked; an authentication meets a step-up. What stands there
//! in another form is a fault: a hold must not be missed over a typo.

use doorward_model::time::{Millis, Time};
use doorward_policy::decide::{Authentication, CredentialUse};
use doorward_views::snapshot::attribute::{Attribute, Record};

use crate::authzen::json::Fault;

/// The circumstances, as far as they are told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Circumstances<'a> {
    pub(crate) session: Option<&'a str>,
    pub(crate) task: Option<&'a str>,
    pub(crate) tool: Option<&'a str>,
    pub(crate) on_behalf_of: Option<&'a str>,
    pub(crate) credential: Option<CredentialUse<'a>>,
    pub(crate) authentication: Option<Authentication<'a>>,
}

/// Reads the circumstances from a context.
pub(crate) fn circumstances(context: Option<&Record>) -> Result<Circumstances<'_>, Fault> {
    let path = |fault: Fault| fault.of(MEMBER).of("context");
    match context.and_then(|context| context.get(MEMBER)) {
        None => Ok(Circumstances::default()),
        Some(Attribute::Record(told)) => read(told).map_err(path),
        Some(_) => Err(path(Fault::expected("an object"))),
    }
}

fn read(told: &Record) -> Result<Circumstances<'_>, Fault> {
    let mut read = Circumstances::default();
    for (name, value) in told.iter() {
        match &**name {
            "session" => read.session = Some(text(name, value)?),
            "task" => read.task = Some(text(name, value)?),
            "tool" => read.tool = Some(text(name, value)?),
            "on_behalf_of" => read.on_behalf_of = Some(text(name, value)?),
            "credential" => read.credential = Some(credential(value).map_err(|fault| fault.of(name))?),
            "authentication" => {
                read.authentication = Some(authentication(value).map_err(|fault| fault.of(name))?);
            }
            _ => return Err(Fault::expected(NAMES).of(name)),
        }
    }
    Ok(read)
}

fn credential(value: &Attribute) -> Result<CredentialUse<'_>, Fault> {
    let told = object(value)?;
    Ok(CredentialUse {
        id: needed(told, "id").and_then(|value| text("id", value))?,
        issued_at: told.get("iat").map(|value| seconds("iat", value)).transpose()?,
        expires_at: told.get("exp").map(|value| seconds("exp", value)).transpose()?,
    })
}

fn authentication(value: &Attribute) -> Result<Authentication<'_>, Fault> {
    let told = object(value)?;
    Ok(Authentication {
        acr: needed(told, "acr").and_then(|value| text("acr", value))?,
        at: needed(told, "auth_time").and_then(|value| seconds("auth_time", value))?,
    })
}

fn object(value: &Attribute) -> Result<&Record, Fault> {
    if let Attribute::Record(record) = value { Ok(record) } else { Err(Fault::expected("an object")) }
}

fn needed<'a>(told: &'a Record, member: &str) -> Result<&'a Attribute, Fault> {
    told.get(member).ok_or_else(|| Fault("missing".to_owned()).of(member))
}

fn text<'a>(member: &str, value: &'a Attribute) -> Result<&'a str, Fault> {
    match value {
        Attribute::Text(text) if text.len() <= NAME_BYTES_MAX => Ok(text),
        Attribute::Text(_) => Err(Fault::expected(&format!("at most {NAME_BYTES_MAX} bytes")).of(member)),
        _ => Err(Fault::expected("a string").of(member)),
    }
}

fn seconds(member: &str, value: &Attribute) -> Result<Time, Fault> {
    let Attribute::Long(seconds) = value else {
        return Err(Fault::expected("whole seconds since the epoch").of(member));
    };
    Ok(Time::from_ms(0) + Millis::SECOND.times(*seconds))
}

/// How long the name of a session, task, tool or credential may be: some of them are kept.
const NAME_BYTES_MAX: usize = 512;
const MEMBER: &str = "doorward";
const NAMES: &str = "session, task, tool, on_behalf_of, credential or authentication";
