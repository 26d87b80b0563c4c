//! One audit record of the simulation, and how CloudTrail writes it.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use doorward_model::id::{AccountId, IdentityId};
use doorward_model::time::Time;

use crate::calls::{Call, Effect};
use crate::random::{Random, Stream};

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

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, bits: u32| (self.0 >> shift) & ((1_u128 << bits) - 1);
        let (a, b, c) = (part(96, 32), part(80, 16), part(64, 16));
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", part(48, 16), part(0, 48))
    }
}

/// Who calls, from where and with what: one for all records of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Caller {
    /// The `userIdentity` member, as JSON.
    pub(crate) user_identity: String,
    /// The ARN that refusals name; empty for services.
    pub(crate) arn: String,
    /// The canonical id of the identity; empty where there is none of ours.
    pub(crate) identity: Arc<str>,
    /// The address.
    pub(crate) address: String,
    /// The user agent; `$s` stands for the service, `$c` for the command in the words of the AWS CLI.
    pub(crate) agent: String,
    /// Whether it is a program with a TLS connection of its own, or a service or the console's back end.
    pub(crate) tls: bool,
    /// Whether the session's credential came from a console sign-in.
    pub(crate) console: bool,
    /// The VPC endpoint it comes through.
    pub(crate) endpoint: Option<String>,
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
    /// The id that this record shares with its twin in another account.
    pub(crate) shared: Option<EventId>,
    /// What kind of record.
    pub(crate) event_type: EventType,
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
        let none = Detail::default();
        let detail = self.detail.as_deref().unwrap_or(&none);
        let reads = matches!(self.call.effect, Effect::Read | Effect::DataRead);
        let data = matches!(self.call.effect, Effect::DataRead | Effect::DataWrite);
        self.write_head(out);
        self.write_outcome(detail, out);
        let (request, id) = (self.id.beside(1), self.id);
        put(out, format_args!(r#","requestID":"{request}","eventID":"{id}","readOnly":{reads}"#));
        if let Some(role) = &detail.role {
            let account = role.split(':').nth(4).unwrap_or_default();
            put(
                out,
                format_args!(
                    r#","resources":[{{"accountId":"{account}","type":"AWS::IAM::Role","ARN":"{role}"}}]"#
                ),
            );
        } else if data {
            self.write_object(out);
        }
        let event_type = match detail.event_type {
            EventType::ApiCall => "AwsApiCall",
            EventType::ServiceEvent => "AwsServiceEvent",
            EventType::ConsoleSignIn => "AwsConsoleSignIn",
        };
        let account = &*self.account;
        put(
            out,
            format_args!(
                r#","eventType":"{event_type}","managementEvent":{},"recipientAccountId":"{account}""#,
                !data
            ),
        );
        if let Some(shared) = detail.shared {
            put(out, format_args!(r#","sharedEventID":"{shared}""#));
        }
        if let Some(endpoint) = &self.caller.endpoint {
            put(out, format_args!(r#","vpcEndpointId":"{endpoint}""#));
        }
        put(out, format_args!(r#","eventCategory":"{}""#, if data { "Data" } else { "Management" }));
        if self.caller.tls {
            let (service, region) = (self.call.service, self.region);
            put(
                out,
                format_args!(
                    r#","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.{region}.amazonaws.com"}}"#
                ),
            );
        }
        if self.caller.console {
            out.extend_from_slice(br#","sessionCredentialFromConsole":"true""#);
        }
        out.push(b'}');
    }

    fn write_head(&self, out: &mut Vec<u8>) {
        let Self { at, region, caller, call: Call { service, action, .. }, .. } = self;
        let Caller { user_identity, address, agent, .. } = &**caller;
        put(
            out,
            format_args!(r#"{{"eventVersion":"1.11","userIdentity":{user_identity},"eventTime":"{at}""#),
        );
        put(
            out,
            format_args!(
                r#","eventSource":"{service}.amazonaws.com","eventName":"{action}","awsRegion":"{region}""#
            ),
        );
        put(out, format_args!(r#","sourceIPAddress":"{address}","userAgent":""#));
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
                    (&self.caller.arn, action.trim_end_matches(|letter: char| letter.is_ascii_digit()));
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
        let response = detail.response.as_deref().filter(|_| self.fault == Fault::None);
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
                b'h' => put(out, format_args!("0{low:016x}")),
                b'n' => put(out, format_args!("{}", low % 5)),
                _ => return false,
            }
            true
        });
    }
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

/// Writes to memory, which does not fail.
pub(crate) fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "memory takes every write");
}
