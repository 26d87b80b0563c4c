//! One audit record of the simulation, and how CloudTrail writes it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use doorward_model::id::{AccountId, IdentityId};
use doorward_model::time::Time;

use crate::calls::{Call, Effect};
use crate::random::{Random, Stream};
use crate::session::Session;
use crate::text::{join, put, write_hex, write_time};

/// The id of a record, written as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventId(u128);

impl EventId {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let bits = (u128::from(random.bits()) << 64) | u128::from(random.bits());
        // Version 4, variant 1: what a random UUID says of itself.
        let versioned = (bits & !(0xf_u128 << 76)) | (0x4_u128 << 76);
        Self((versioned & !(0x3_u128 << 62)) | (0x2_u128 << 62))
    }

    /// A second id that belongs to this one: of the request, of the twin record in another account.
    pub(crate) fn beside(self, which: u64) -> Self {
        let low = u64::try_from(self.0 & u128::from(u64::MAX)).unwrap_or_default();
        Self::draw(&mut Random::of(low, Stream::Event, &[which]))
    }

    fn low(self) -> u64 {
        u64::try_from((self.0 >> 2) & u128::from(u64::MAX)).unwrap_or_default()
    }
}

impl EventId {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let mut digits_left = 32;
        for part in [8, 4, 4, 4, 12] {
            if digits_left < 32 {
                out.push(b'-');
            }
            digits_left -= part;
            write_hex(self.0 >> (4 * digits_left), part, out);
        }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(36);
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Who calls, from where and with what: one for all records of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// Who it is, in CloudTrail's words.
    pub(crate) who: Who,
    /// The canonical id of the identity; empty where there is none of ours.
    pub(crate) identity: Arc<str>,
    /// The address.
    pub(crate) address: Arc<str>,
    /// The user agent; `$s` stands for the service, `$c` for the command in the words of the AWS CLI.
    pub(crate) agent: Arc<str>,
    /// Whether it is a program with a TLS connection of its own, or a service or the console's back end.
    pub(crate) tls: bool,
    /// Whether the session's credential came from a console sign-in.
    pub(crate) console: bool,
    /// The VPC endpoint it comes through.
    pub(crate) endpoint: Option<Arc<str>>,
}

/// Who calls: a session, written out when the record is, or what was written already.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// A session of a role.
    Session(Arc<Session>),
    /// The `userIdentity` member as JSON, and the ARN that refusals name; empty for services.
    Said { user_identity: String, arn: String },
}

impl Default for Who {
    fn default() -> Self {
        Self::Said { user_identity: String::new(), arn: String::new() }
    }
}

impl Who {
    /// The ARN that refusals name.
    fn arn(&self) -> String {
        match self {
            Self::Session(session) => session.arn(),
            Self::Said { arn, .. } => arn.clone(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Session(session) => session.write_user_identity(out),
            Self::Said { user_identity, .. } => out.extend_from_slice(user_identity.as_bytes()),
        }
    }
}

/// How a call fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Fault {
    /// It does not.
    #[default]
    None,
    /// For want of a permission.
    Denied,
    /// For its rate.
    Throttled,
}

/// The kind of a record, in CloudTrail's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum EventType {
    /// A call of the API.
    #[default]
    ApiCall,
    /// Something a service did by itself.
    ServiceEvent,
    /// A sign-in to the console.
    ConsoleSignIn,
}

/// What a record says beyond caller and call; all as JSON text, without the outer name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detail {
    /// The request, where it is not the call's own.
    pub(crate) request: Option<Box<str>>,
    /// The response.
    pub(crate) response: Option<Box<str>>,
    /// `additionalEventData`.
    pub(crate) additional: Option<Box<str>>,
    /// The role that was asked for, which becomes `resources`.
    pub(crate) role: Option<Box<str>>,
    /// The session that the call opens, of which request, response and role are written out when the record is.
    pub(crate) opens: Option<Arc<Session>>,
    /// The id that this record shares with its twin in another account.
    pub(crate) shared: Option<EventId>,
    /// What kind of record.
    pub(crate) event_type: EventType,
}

impl Detail {
    fn written_out(&self) -> Cow<'_, Self> {
        match &self.opens {
            Some(session) => Cow::Owned(session.opened(self)),
            None => Cow::Borrowed(self),
        }
    }
}

/// One audit record.
#[derive(Clone, Debug)]
pub struct SimEvent {
    /// When it happened, in whole seconds.
    pub at: Time,
    /// Its id.
    pub id: EventId,
    /// The account in whose log it is.
    pub account: Arc<str>,
    /// The region in whose log it is.
    pub region: &'static str,
    pub(crate) caller: Arc<Caller>,
    pub(crate) call: Call,
    pub(crate) stem: Arc<str>,
    pub(crate) fault: Fault,
    pub(crate) detail: Option<Box<Detail>>,
}

impl SimEvent {
    /// The account in whose log it is.
    #[must_use]
    pub fn account(&self) -> AccountId {
        AccountId::new(Arc::clone(&self.account))
    }

    /// The identity that acted, by its canonical id; `None` for AWS services and for callers of other organisations.
    #[must_use]
    pub fn identity(&self) -> Option<IdentityId> {
        (!self.caller.identity.is_empty()).then(|| IdentityId::new(Arc::clone(&self.caller.identity)))
    }

    /// The service, as in its event source: `iam`, `s3`, `monitoring`.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.call.service
    }

    /// The event name.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.call.action
    }

    /// The address it came from.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.caller.address
    }

    /// Whether it was denied.
    #[must_use]
    pub fn denied(&self) -> bool {
        self.fault == Fault::Denied
    }

    /// Whether it was throttled.
    #[must_use]
    pub fn throttled(&self) -> bool {
        self.fault == Fault::Throttled
    }

    /// The CloudTrail record as JSON, without insignificant white space.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2_048);
        self.write_json(&mut out);
        out
    }

    /// Appends the CloudTrail record as JSON.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let written = self.detail.as_deref().map(Detail::written_out).unwrap_or_default();
        let detail = &*written;
        let reads = matches!(self.call.effect, Effect::Read | Effect::DataRead);
        let data = matches!(self.call.effect, Effect::DataRead | Effect::DataWrite);
        self.write_head(out);
        self.write_outcome(detail, out);
        out.extend_from_slice(br#","requestID":""#);
        self.id.beside(1).write(out);
        out.extend_from_slice(br#"","eventID":""#);
        self.id.write(out);
        join(out, &[r#"","readOnly":"#, word(reads)]);
        if let Some(role) = &detail.role {
            let account = role.split(':').nth(4).unwrap_or_default();
            join(
                out,
                &[
                    r#","resources":[{"accountId":""#,
                    account,
                    r#"","type":"AWS::IAM::Role","ARN":""#,
                    role,
                    r#""}]"#,
                ],
            );
        } else if data {
            self.write_object(out);
        }
        let event_type = match detail.event_type {
            EventType::ApiCall => "AwsApiCall",
            EventType::ServiceEvent => "AwsServiceEvent",
            EventType::ConsoleSignIn => "AwsConsoleSignIn",
        };
        join(out, &[r#","eventType":""#, event_type, r#"","managementEvent":"#, word(!data)]);
        join(out, &[r#","recipientAccountId":""#, &self.account, r#"""#]);
        if let Some(shared) = detail.shared {
            out.extend_from_slice(br#","sharedEventID":""#);
            shared.write(out);
            out.push(b'"');
        }
        if let Some(endpoint) = &self.caller.endpoint {
            join(out, &[r#","vpcEndpointId":""#, endpoint, r#"""#]);
        }
        join(out, &[r#","eventCategory":""#, if data { "Data" } else { "Management" }, r#"""#]);
        self.write_tail(out);
    }

    fn write_tail(&self, out: &mut Vec<u8>) {
        if self.caller.tls {
            out.extend_from_slice(
                br#","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256""#,
            );
            join(
                out,
                &[
                    r#","clientProvidedHostHeader":""#,
                    self.call.service,
                    ".",
                    self.region,
                    r#".amazonaws.com"}"#,
                ],
            );
        }
        if self.caller.console {
            out.extend_from_slice(br#","sessionCredentialFromConsole":"true""#);
        }
        out.push(b'}');
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        let Self { at, region, caller, call: Call { service, action, .. }, .. } = self;
        let Caller { who, address, agent, .. } = &**caller;
        out.extend_from_slice(br#"{"eventVersion":"1.11","userIdentity":"#);
        who.write(out);
        out.extend_from_slice(br#","eventTime":""#);
        write_time(*at, out);
        join(out, &[r#"","eventSource":""#, service, r#".amazonaws.com","eventName":""#, action]);
        join(out, &[r#"","awsRegion":""#, region, r#"","sourceIPAddress":""#, address, r#"","userAgent":""#]);
        fill(agent, out, |letter, out| {
            match letter {
                b's' => out.extend_from_slice(service.as_bytes()),
                b'c' => write_command(service, action, out),
                _ => return false,
            }
            true
        });
        out.push(b'"');
    }

    fn write_outcome(&self, detail: &Detail, out: &mut Vec<u8>) {
        let Call { service, action, request, .. } = self.call;
        match self.fault {
            Fault::None => {}
            Fault::Denied => {
                let code = if service == "ec2" { "Client.UnauthorizedOperation" } else { "AccessDenied" };
                let (arn, plain) =
                    (self.caller.who.arn(), action.trim_end_matches(|letter: char| letter.is_ascii_digit()));
                put(
                    out,
                    format_args!(
                        r#","errorCode":"{code}","errorMessage":"User: {arn} is not authorized to perform: {service}:{plain} because no identity-based policy allows the {service}:{plain} action""#
                    ),
                );
            }
            Fault::Throttled => {
                let code =
                    if service == "ec2" { "Client.RequestLimitExceeded" } else { "ThrottlingException" };
                put(out, format_args!(r#","errorCode":"{code}","errorMessage":"Rate exceeded""#));
            }
        }
        let request = detail.request.as_deref().unwrap_or(request);
        out.extend_from_slice(br#","requestParameters":"#);
        self.write_text(if request.is_empty() { "null" } else { request }, out);
        let answer = detail.response.as_deref().or_else(|| self.call.answer());
        let response = answer.filter(|_| self.fault == Fault::None);
        out.extend_from_slice(br#","responseElements":"#);
        self.write_text(response.unwrap_or("null"), out);
        if let Some(additional) = &detail.additional {
            put(out, format_args!(r#","additionalEventData":{additional}"#));
        }
    }

    fn write_object(&self, out: &mut Vec<u8>) {
        if self.call.service == "s3" {
            let (stem, account) = (&*self.stem, &*self.account);
            put(
                out,
                format_args!(
                    r#","resources":[{{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::{stem}-{account}/"}},{{"accountId":"{account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{stem}-{account}"}}]"#
                ),
            );
        }
    }

    fn write_text(&self, text: &str, out: &mut Vec<u8>) {
        let low = self.id.low();
        fill(text, out, |letter, out| {
            match letter {
                b'r' => out.extend_from_slice(self.stem.as_bytes()),
                b'a' => out.extend_from_slice(self.account.as_bytes()),
                b'g' => out.extend_from_slice(self.region.as_bytes()),
                b'h' => write_hex(low.into(), 17, out),
                b'n' => put(out, format_args!("{}", low % 5)),
                _ => return false,
            }
            true
        });
    }
}

fn word(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

/// Copies a text, asking for what stands for each `$x`; an unknown letter stays as it is.
fn fill(text: &str, out: &mut Vec<u8>, mut stand_in: impl FnMut(u8, &mut Vec<u8>) -> bool) {
    let mut parts = text.split('$');
    out.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let known = part.bytes().next().is_some_and(|letter| stand_in(letter, out));
        let rest = part.as_bytes();
        match rest.split_first() {
            Some((_, rest)) if known => out.extend_from_slice(rest),
            _ => {
                out.push(b'$');
                out.extend_from_slice(rest);
            }
        }
    }
}

/// `s3.list-buckets` for s3 and `ListBuckets`, as the AWS CLI names it in its user agent.
fn write_command(service: &str, action: &str, out: &mut Vec<u8>) {
    let service = if service == "monitoring" { "cloudwatch" } else { service };
    out.extend_from_slice(service.as_bytes());
    out.push(b'.');
    let plain = action.split_once("2015").map_or(action, |(plain, _)| plain);
    let mut small_before = false;
    for letter in plain.bytes() {
        if letter.is_ascii_uppercase() && small_before {
            out.push(b'-');
        }
        small_before = letter.is_ascii_lowercase();
        out.push(letter.to_ascii_lowercase());
    }
}
