//! Who acted: the identity of an event, who it acts for, and the chain behind it.
//!
//! A record names its caller in its own terms: a session ARN, a unique id, a key. The resolver names the identity
//! that these belong to, and keeps for 36 hours which session key was issued to whom, so that the next hop of a role
//! chain is known to be one.

mod chains;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use doorward_model::event::{Actor, ActorKind, Event, Outcome};
use doorward_model::id::{Partition, TenantId};
use doorward_model::identity::{IdentityKind, name_pattern};
use doorward_model::time::{Millis, Time};
use foldhash::fast::FixedState;
use smol_str::SmolStr;

use crate::recent::Recent;
use crate::resolver::chains::Chains;
use crate::symbols::{SeededMap, Symbol, Symbols};

/// The identity behind a caller, as the record shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The canonical id.
    pub id: String,
    /// What it is.
    pub kind: IdentityKind,
    /// The platform it lives on.
    pub platform: &'static str,
    /// The account it lives in.
    pub account: String,
    /// The short name.
    pub name: String,
    /// The platform's unique id, without the session part.
    pub unique_id: String,
    /// Whom it is compared with.
    pub peer_group: String,
    /// The role whose rights a person uses, or the identity that an agent acts for.
    pub behind: Option<Behind>,
}

/// A second identity that a caller's record names beside the one that acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The person uses the rights of this role.
    Role(Box<Principal>),
    /// The agent acts for this identity.
    ActsFor(Box<Principal>),
}

/// An event with a name to it.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Who acted.
    pub named: Named,
    /// All that the record shows of who acted, when this caller has not been named before, or so long ago that it
    /// was forgotten.
    pub principal: Option<Principal>,
    /// The identities that led to this session, nearest first.
    pub chain: Arc<[String]>,
    /// Whether its behaviour is a habit at all, or a platform acting by itself.
    pub routed: Routed,
}

/// What is remembered of a caller that was named.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// The canonical id of the identity.
    pub id: Symbol,
    /// What it is.
    pub kind: IdentityKind,
    /// Who holds the keys that it uses: whom an agent acts for, otherwise itself.
    pub holder: Symbol,
    /// The partition of the identity.
    pub partition: Partition,
    /// Whether it belongs to a platform, which acts through it by itself.
    linked: bool,
}

impl Named {
    fn of(principal: &Principal, tenant: &TenantId, symbols: &mut Symbols) -> Self {
        let id = symbols.intern(&principal.id);
        let holder = match &principal.behind {
            Some(Behind::ActsFor(base)) => symbols.intern(&base.id),
            Some(Behind::Role(_)) | None => id,
        };
        let linked = principal.kind == IdentityKind::Service && principal.name.starts_with(SERVICE_LINKED);
        let partition = Partition::of(tenant, &principal.id);
        Self { id, kind: principal.kind, holder, partition, linked }
    }
}

/// Where an event goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Routed {
    /// It is behaviour of the identity.
    Behaviour,
    /// The platform did it: counted, and kept out of habits.
    Platform,
}

/// Names callers and remembers who was issued what.
#[derive(Clone, Debug)]
pub struct Resolver {
    tenant: TenantId,
    /// By what tells a caller from others, in one text.
    callers: Recent<Box<str>, Named>,
    /// Where that text is put together to be looked up.
    caller: String,
    pub(crate) issued: Recent<SmolStr, Arc<[String]>>,
    chains: Chains,
    unique_ids: SeededMap<Box<str>, Symbol>,
}

impl Resolver {
    /// Knows nobody, with the seed of its hash maps.
    #[must_use]
    pub fn new(tenant: TenantId, seed: u64) -> Self {
        Self {
            tenant,
            callers: Recent::new(REMEMBERED, CALLERS_MAX, seed),
            caller: String::new(),
            issued: Recent::new(REMEMBERED, ISSUED_MAX, seed),
            chains: Chains::new(seed),
            unique_ids: SeededMap::with_hasher(FixedState::with_seed(seed)),
        }
    }

    /// Whose identities it names.
    #[must_use]
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Names the caller of an event, and remembers the credential that it handed out.
    pub fn resolve(&mut self, event: &Event, symbols: &mut Symbols) -> Resolved {
        let (named, principal) = self.named(event, symbols);
        let chain = self.chain(event);
        if let Some(issued) = &event.issued
            && event.outcome() == Outcome::Success
            && !issued.access_key_id.is_empty()
            && named.kind != IdentityKind::Service
        {
            let own = (symbols.name(named.id), named.kind);
            self.remember(&issued.access_key_id, own, &chain, event);
        }
        Resolved { named, principal, chain, routed: routed(event, &named) }
    }

    /// Learns the canonical id of a unique id. Of several, in whatever order they are learned, the longest counts: an id
    /// that was put together from the name of a session lacks the path of the role. Who was named by the lesser one is
    /// named anew.
    pub fn learn_unique_id(&mut self, unique_id: &str, identity: Symbol, symbols: &Symbols) {
        if unique_id.is_empty() {
            return;
        }
        let says = |symbol: Symbol| (symbols.name(symbol).len(), Reverse(symbols.name(symbol)));
        match self.unique_ids.get_mut(unique_id) {
            None => {
                self.unique_ids.insert(unique_id.into(), identity);
            }
            Some(known) if says(identity) > says(*known) => {
                let lesser = std::mem::replace(known, identity);
                self.callers.retain(|named| named.id != lesser && named.holder != lesser);
            }
            Some(_) => {}
        }
    }

    /// Puts back which keys were issued along which chain.
    pub(crate) fn restore_issued(
        &mut self,
        rows: impl IntoIterator<Item = (String, Vec<String>, bool)>,
        since: Time,
    ) {
        let chains = &mut self.chains;
        let rows = rows.into_iter().map(|(key, chain, old)| (key.into(), chains.shared(&chain), old));
        self.issued.restore(rows, since);
    }

    /// The caller, and all that is shown of it if it is named anew.
    fn named(&mut self, event: &Event, symbols: &mut Symbols) -> (Named, Option<Principal>) {
        let actor = &event.actor;
        let product = event.agent.as_ref().map_or("", |mark| mark.product.as_str());
        self.caller.clear();
        let (arn, id) = caller_of(actor);
        // With the lengths of two of the three, no two callers have the same text.
        self.caller.extend([actor.kind.unsigned_abs(), length(arn), length(id)].map(letter));
        self.caller.extend([arn, id, product]);
        if let Some(known) = self.callers.touch(self.caller.as_str(), event.happened_at()) {
            return (*known, None);
        }
        let base = name(event, UniqueIds { known: &self.unique_ids, symbols });
        if !base.unique_id.is_empty() {
            let id = symbols.intern(&base.id);
            self.learn_unique_id(&base.unique_id, id, symbols);
        }
        let principal = if product.is_empty() { base } else { agent_of(base, product) };
        let named = Named::of(&principal, &self.tenant, symbols);
        self.callers.put(self.caller.as_str().into(), named, event.happened_at());
        (named, Some(principal))
    }

    fn chain(&mut self, event: &Event) -> Arc<[String]> {
        let key = event.actor.access_key_id.as_str();
        if let Some(chain) = self.issued.touch(key, event.happened_at()) {
            return Arc::clone(chain);
        }
        match event.actor.source_identity.as_str() {
            "" => Arc::default(),
            source => Arc::new([format!("source-identity:{source}")]),
        }
    }

    fn remember(&mut self, key: &str, (id, kind): (&str, IdentityKind), chain: &[String], event: &Event) {
        // A cross-account request is in both logs; the one of the caller's account knows the caller better.
        if kind == IdentityKind::External && self.issued.peek(key).is_some() {
            return;
        }
        let own = std::iter::once(id.to_owned());
        let hops: Vec<_> = own.chain(chain.iter().cloned()).take(CHAIN_MAX).collect();
        self.issued.put(key.into(), self.chains.shared(&hops), event.happened_at());
    }
}

/// Canonical ids by unique ids.
#[derive(Clone, Copy)]
struct UniqueIds<'a> {
    known: &'a SeededMap<Box<str>, Symbol>,
    symbols: &'a Symbols,
}

impl<'a> UniqueIds<'a> {
    fn get(self, unique_id: &str) -> Option<&'a str> {
        self.known.get(unique_id).map(|identity| self.symbols.name(*identity))
    }
}

/// The length of a name, as far as [`letter`] can write it; none is as long.
fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX).min(LENGTH_MAX)
}

/// A number as one character of the planes beyond the first, where all numbers are characters.
fn letter(number: u32) -> char {
    char::from_u32(0x1_0000 + number).unwrap_or(char::MAX)
}

/// What tells a caller from others, in two parts. Of a role whose ARN is shown, and that no person stands behind, all
/// sessions are one caller.
fn caller_of(actor: &Actor) -> (&str, &str) {
    let role = actor.issuer_arn.as_str();
    let of_a_person = || role.rsplit('/').next().is_some_and(|name| name.starts_with(RESERVED));
    if actor.kind() == ActorKind::AssumedRole && !role.is_empty() && !of_a_person() {
        (role, actor.principal_id.split(':').next().unwrap_or_default())
    } else {
        (&actor.arn, caller_id(actor))
    }
}

/// What tells a caller from others that have the same ARN, or none.
fn caller_id(actor: &Actor) -> &str {
    let ids = [&actor.principal_id, &actor.on_behalf_of, &actor.user_name, &actor.invoked_by, &actor.account];
    ids.into_iter().find(|id| !id.is_empty()).map_or("", String::as_str)
}

fn routed(event: &Event, named: &Named) -> Routed {
    let by_platform = event.actor.kind() == ActorKind::AwsService
        || named.linked
        || event.actor.invoked_by.ends_with(".amazonaws.com");
    if by_platform { Routed::Platform } else { Routed::Behaviour }
}

fn name(event: &Event, unique_ids: UniqueIds<'_>) -> Principal {
    let actor = &event.actor;
    match actor.kind_shown() {
        ActorKind::AssumedRole => assumed_role(actor, unique_ids),
        ActorKind::Role => role(&actor.arn, &actor.account, &actor.principal_id),
        ActorKind::IamUser => user(&actor.arn, actor),
        ActorKind::FederatedUser => match actor.issuer_arn.as_str() {
            "" => plain(actor, format!("federated:{}", actor.arn), IdentityKind::External),
            issuer if issuer.contains(":user/") => user(issuer, actor),
            issuer => root(issuer, actor),
        },
        ActorKind::Root => root(&format!("arn:aws:iam::{}:root", actor.account), actor),
        ActorKind::AwsService => platform_service(actor),
        ActorKind::AwsAccount => other_account(actor, unique_ids),
        ActorKind::WebIdentityUser => federated("oidc", actor, IdentityKind::Workload),
        ActorKind::SamlUser => federated("saml", actor, IdentityKind::Human),
        ActorKind::IdentityCenterUser | ActorKind::Directory => person_of_directory(actor),
        ActorKind::Unknown => unknown(event),
    }
}

/// A session of a role, by its ARN and by the unique id in front of the session name.
fn assumed_role(actor: &Actor, unique_ids: UniqueIds<'_>) -> Principal {
    let (role_part, session) = split_session(&actor.arn);
    let (unique_id, session_of_id) = actor.principal_id.split_once(':').unwrap_or((&actor.principal_id, ""));
    let arn: Cow<'_, str> = if !actor.issuer_arn.is_empty() {
        actor.issuer_arn.as_str().into()
    } else if let Some(known) = unique_ids.get(unique_id) {
        known.into()
    } else {
        format!("arn:aws:iam::{}:role/{role_part}", actor.account).into()
    };
    let session = if session.is_empty() { session_of_id } else { session };
    session_of_role(role(&arn, &actor.account, unique_id), session, &actor.account)
}

/// The role itself, except that a session of Identity Center is the person in it.
fn session_of_role(role: Principal, session: &str, account: &str) -> Principal {
    let Some(set) = permission_set(&role.name).filter(|_| !session.is_empty()) else { return role };
    Principal {
        id: format!("idc:{account}/{session}"),
        kind: IdentityKind::Human,
        platform: "aws",
        account: account.to_owned(),
        name: session.to_owned(),
        unique_id: String::new(),
        peer_group: format!("permission-set:{set}"),
        behind: Some(Behind::Role(Box::new(role))),
    }
}

fn role(arn: &str, account: &str, unique_id: &str) -> Principal {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let kind = if name.starts_with(SERVICE_LINKED) { IdentityKind::Service } else { IdentityKind::Workload };
    Principal {
        id: arn.to_owned(),
        kind,
        platform: "aws",
        account: account_of(arn, account),
        name: name.to_owned(),
        unique_id: unique_id.to_owned(),
        peer_group: match permission_set(name) {
            Some(set) => format!("permission-set:{set}"),
            None => format!("role:{}", name_pattern(name)),
        },
        behind: None,
    }
}

fn user(arn: &str, actor: &Actor) -> Principal {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let person = actor.mfa == Some(true) || name.contains('@');
    Principal {
        id: if arn.is_empty() {
            format!("aws-user:{}/{}", actor.account, actor.user_name)
        } else {
            arn.to_owned()
        },
        kind: if person { IdentityKind::Human } else { IdentityKind::Service },
        platform: "aws",
        account: account_of(arn, &actor.account),
        name: if name.is_empty() { actor.user_name.clone() } else { name.to_owned() },
        unique_id: actor.principal_id.split(':').next().unwrap_or_default().to_owned(),
        peer_group: format!("user:{}", name_pattern(name)),
        behind: None,
    }
}

fn root(arn: &str, actor: &Actor) -> Principal {
    Principal {
        id: arn.to_owned(),
        kind: IdentityKind::Human,
        platform: "aws",
        account: account_of(arn, &actor.account),
        name: "root".to_owned(),
        unique_id: String::new(),
        peer_group: "root".to_owned(),
        behind: None,
    }
}

fn platform_service(actor: &Actor) -> Principal {
    let service =
        [&actor.invoked_by, &actor.principal_id, &actor.arn].into_iter().find(|text| !text.is_empty());
    let service = service.map_or("unnamed", String::as_str);
    Principal {
        name: service.to_owned(),
        ..plain(actor, format!("service:{service}"), IdentityKind::Service)
    }
}

fn other_account(actor: &Actor, unique_ids: UniqueIds<'_>) -> Principal {
    let (unique_id, session) = actor.principal_id.split_once(':').unwrap_or((&actor.principal_id, ""));
    match unique_ids.get(unique_id) {
        Some(known) if known.contains(":user/") => user(known, actor),
        Some(known) => session_of_role(role(known, &actor.account, unique_id), session, &actor.account),
        None if actor.account.is_empty() || actor.account == "ANONYMOUS_PRINCIPAL" => {
            plain(actor, "anonymous".to_owned(), IdentityKind::External)
        }
        None => plain(actor, format!("aws-account:{}", actor.account), IdentityKind::External),
    }
}

fn federated(protocol: &str, actor: &Actor, kind: IdentityKind) -> Principal {
    let provider = if actor.provider.is_empty() { "unnamed" } else { &actor.provider };
    let provider = provider.rsplit("oidc-provider/").next().unwrap_or(provider);
    let mut principal = plain(actor, format!("{protocol}:{provider}/{}", actor.user_name), kind);
    principal.name.clone_from(&actor.user_name);
    principal.peer_group = format!("{protocol}:{provider}");
    principal
}

fn person_of_directory(actor: &Actor) -> Principal {
    let id = [&actor.on_behalf_of, &actor.user_name, &actor.principal_id]
        .into_iter()
        .find(|text| !text.is_empty());
    let id = id.map_or("unnamed", String::as_str);
    Principal {
        name: id.to_owned(),
        ..plain(actor, format!("idc:{}/{id}", actor.account), IdentityKind::Human)
    }
}

fn unknown(event: &Event) -> Principal {
    let actor = &event.actor;
    let id = [&actor.arn, &actor.principal_id, &actor.user_name, &actor.invoked_by]
        .into_iter()
        .find(|t| !t.is_empty());
    match id {
        Some(id) => plain(actor, format!("unknown:{id}"), IdentityKind::External),
        None => plain(actor, format!("unknown:{}", event.account), IdentityKind::External),
    }
}

fn plain(actor: &Actor, id: String, kind: IdentityKind) -> Principal {
    Principal {
        name: id.rsplit('/').next().unwrap_or(&id).to_owned(),
        id,
        kind,
        platform: "aws",
        account: actor.account.clone(),
        unique_id: String::new(),
        peer_group: kind.word().to_owned(),
        behind: None,
    }
}

/// The agent that shows itself under another identity: its events are its own, and it acts for that identity.
fn agent_of(base: Principal, product: &str) -> Principal {
    Principal {
        id: format!("agent:{}/{product}", base.id),
        kind: IdentityKind::Agent,
        platform: base.platform,
        account: base.account.clone(),
        name: format!("{product} for {}", base.name),
        unique_id: String::new(),
        peer_group: format!("agent:{product}"),
        behind: Some(Behind::ActsFor(Box::new(base))),
    }
}

/// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` in its two last parts.
fn split_session(arn: &str) -> (&str, &str) {
    let tail = arn.split_once("assumed-role/").map_or(arn, |(_, tail)| tail);
    tail.split_once('/').unwrap_or((tail, ""))
}

/// The permission set of a role that Identity Center made: `AWSReservedSSO_<set>_<16 hexadecimal digits>`.
fn permission_set(role: &str) -> Option<&str> {
    let tail = role.strip_prefix(RESERVED)?;
    Some(
        tail.rsplit_once('_')
            .filter(|(_, id)| id.bytes().all(|b| b.is_ascii_hexdigit()))
            .map_or(tail, |(set, _)| set),
    )
}

fn account_of(arn: &str, account: &str) -> String {
    let own = arn.split(':').nth(4).filter(|text| !text.is_empty());
    own.unwrap_or(account).to_owned()
}

/// How long issued keys and named sessions are kept.
const REMEMBERED: Millis = Millis::HOUR.times(36);
const LENGTH_MAX: u32 = 0xF_FFFF;
const CALLERS_MAX: usize = 1 << 18;
const ISSUED_MAX: usize = 1 << 20;
const CHAIN_MAX: usize = 8;
/// How the names of roles begin that Identity Center made.
const RESERVED: &str = "AWSReservedSSO_";
const SERVICE_LINKED: &str = "AWSServiceRoleFor";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use doorward_model::event::{ActorKind, Event, Issued, Outcome};
    use doorward_model::id::TenantId;

    use super::Resolver;
    use crate::symbols::Symbols;

    #[test]
    fn callers_whose_names_run_together_are_told_apart() {
        let (mut resolver, mut symbols) = (Resolver::new(TenantId::from("test"), 1), Symbols::new(1));
        let mut named = |kind: ActorKind, arn: &str, id: &str| {
            let mut event = Event::default();
            (event.actor.kind, event.actor.arn, event.actor.principal_id) =
                (kind.into(), arn.into(), id.into());
            let resolved = resolver.resolve(&event, &mut symbols);
            (symbols.name(resolved.named.id).to_owned(), resolved.principal.is_some())
        };
        let user = ActorKind::IamUser;
        let first = named(user, "arn:aws:iam::1:user/a", "bc");
        assert_eq!(first, ("arn:aws:iam::1:user/a".to_owned(), true));
        assert_eq!(named(user, "arn:aws:iam::1:user/ab", "c"), ("arn:aws:iam::1:user/ab".to_owned(), true));
        assert_eq!(named(ActorKind::Root, "arn:aws:iam::1:user/a", "bc").0, "arn:aws:iam:::root");
        assert_eq!(named(user, "arn:aws:iam::1:user/a", "bc"), (first.0, false));
    }

    #[test]
    fn keys_of_one_chain_share_it() {
        let (mut resolver, mut symbols) = (Resolver::new(TenantId::from("test"), 1), Symbols::new(1));
        for key in ["ASIA1", "ASIA2"] {
            let mut event = Event::default();
            event.actor.set_kind(ActorKind::AssumedRole);
            event.actor.arn = "arn:aws:sts::1:assumed-role/deploy/ci".into();
            event.actor.issuer_arn = "arn:aws:iam::1:role/deploy".into();
            event.issued = Some(Issued { access_key_id: key.into(), ..Issued::default() });
            event.set_outcome(Outcome::Success);
            resolver.resolve(&event, &mut symbols);
        }
        let [first, second] = ["ASIA1", "ASIA2"].map(|key| resolver.issued.peek(key).unwrap());
        assert_eq!(**first, ["arn:aws:iam::1:role/deploy".to_owned()]);
        assert!(Arc::ptr_eq(first, second), "each key keeps a chain of its own");
    }

    #[test]
    fn sessions_of_a_role_are_one_caller_and_those_of_people_are_not() {
        let (mut resolver, mut symbols) = (Resolver::new(TenantId::from("test"), 1), Symbols::new(1));
        let mut named = |issuer: &str, role: &str, session: &str| {
            let mut event = Event::default();
            event.actor.set_kind(ActorKind::AssumedRole);
            event.actor.account = "1".into();
            event.actor.arn = format!("arn:aws:sts::1:assumed-role/{role}/{session}");
            event.actor.principal_id = format!("AROA{role}:{session}");
            event.actor.issuer_arn = issuer.into();
            let resolved = resolver.resolve(&event, &mut symbols);
            (symbols.name(resolved.named.id).to_owned(), resolved.principal.is_some())
        };
        let (deploy, person) =
            ("arn:aws:iam::1:role/ci/deploy", "arn:aws:iam::1:role/AWSReservedSSO_Admin_0a");
        let said = [
            (deploy, "deploy", "two", deploy, true),
            (deploy, "deploy", "three", deploy, false),
            // Where its ARN is not shown, it may not be known yet: the next session may be named better.
            ("", "deploy", "four", deploy, true),
            ("", "deploy", "five", deploy, true),
            (person, "AWSReservedSSO_Admin_0a", "ann", "idc:1/ann", true),
            (person, "AWSReservedSSO_Admin_0a", "bob", "idc:1/bob", true),
            (person, "AWSReservedSSO_Admin_0a", "ann", "idc:1/ann", false),
        ];
        for (issuer, role, session, id, anew) in said {
            assert_eq!(named(issuer, role, session), (id.to_owned(), anew), "{role}/{session}");
        }
    }
}
