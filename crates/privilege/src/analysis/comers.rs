//! Whom a trust policy lets in from outside: other accounts and identities of theirs, everybody, and whomever a provider
//! of identities vouches for, by what its tokens say.
//!
//! Who may come is asked of the evaluation, so that denials, control policies and all operators count as they do
//! elsewhere. What a token can say is tried: what the conditions name, and anything else. See `world`.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::inventory::resource::{Resource, attribute};

use self::world::{Keys, Said, World};
use crate::analysis::explain::Evidence;
use crate::analysis::ground::{Ground, Guarded};
use crate::analysis::question::truth;
use crate::condition::{Condition, Qualifier};
use crate::document::{Document, Effect, Principal as Named, Selection, Statement};
use crate::estate::Estate;
use crate::evaluate::{Answer, Policies, Policy, Verdict, evaluate_anywhere};
use crate::federation::{Breadth, Issuers, Subject, Voucher};
use crate::request::{Caller, CallerKind, Context, Membership, Permission, Request};
use crate::truth::Truth;

/// Somebody outside whom a trust policy lets in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Comer {
    /// Who, by name.
    pub(super) name: Arc<str>,
    /// What they are called.
    pub(super) words: Box<str>,
    /// How many they may be.
    pub(super) breadth: Breadth,
    /// What must hold that is not known, in words; nothing where nothing must.
    pub(super) only_if: Option<String>,
    /// The statements that let them in.
    pub(super) statements: Vec<String>,
    /// Conditions that keep nobody out, because a token without what they ask for passes them.
    pub(super) void: Vec<String>,
    /// Who vouches for them, as the policy names it, and whom exactly.
    pub(super) by: Option<(Arc<str>, Subject)>,
}

/// A role whose trust policy is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) guarded: &'a Guarded<'a>,
    /// The account of the role.
    pub(super) account: &'a str,
}

/// Whether a trust policy names somebody outside, whether it lets them in or not.
pub(super) fn names_outsiders(estate: &Estate, document: &Document) -> bool {
    allowing(document).any(|statement| {
        named(statement).any(|one| match one {
            Named::Service(name) => vouches(name),
            other => is_outside(estate, other),
        })
    })
}

/// Whether somebody whom a policy names is outside of the accounts that are known. Services of AWS are not, nor are
/// canonical ids, which do not tell whose they are.
pub(super) fn is_outside(estate: &Estate, named: &Named) -> bool {
    match named {
        Named::Everybody | Named::Federated(_) => true,
        Named::Account(account) => estate.find_account(account).is_none(),
        // The unique id that is left of somebody who was deleted lets nobody in.
        Named::Aws(arn) => {
            let account = arn.split(':').nth(4).filter(|_| arn.starts_with("arn:"));
            account.is_some_and(|account| estate.find_account(account).is_none())
        }
        Named::Service(_) | Named::CanonicalUser(_) => false,
    }
}

fn allowing(document: &Document) -> impl Iterator<Item = &Statement> {
    document.statements.iter().filter(|statement| statement.effect == Effect::Allow)
}

/// Whom a statement names; of all but some, everybody.
pub(super) fn named(statement: &Statement) -> impl Iterator<Item = &Named> {
    let named = match &statement.principals {
        Some(Selection::Only(named)) => named.as_slice(),
        Some(Selection::AllBut(_)) => std::slice::from_ref(&Named::Everybody),
        None => &[],
    };
    named.iter()
}

/// Whom a policy names: by name, in words, and how many that may be.
pub(super) fn told(named: &Named) -> (&str, String, Breadth) {
    match named {
        Named::Everybody => ("*", "everybody".to_owned(), Breadth::Anyone),
        Named::Account(number) => (number, format!("account {number}"), Breadth::Tenant),
        Named::Aws(arn) => (arn, arn.to_string(), Breadth::Exact),
        Named::Federated(text) | Named::Service(text) | Named::CanonicalUser(text) => {
            (text, text.to_string(), Breadth::Tenant)
        }
    }
}

/// Whether a service of AWS vouches for somebody outside.
pub(crate) fn vouches(service: &str) -> bool {
    by_service(service).is_some()
}

/// The service of AWS that vouches for somebody outside.
fn by_service(name: &str) -> Option<Voucher<'_>> {
    Issuers::known().all().iter().find_map(|issuer| {
        (issuer.issuer.text() == name).then(|| Voucher { issuer, address: name, parts: Vec::new() })
    })
}

/// The issuer of a provider of identities that a policy names by its ARN or its host.
fn by_provider(name: &str) -> Option<Voucher<'_>> {
    let address = match name.split_once(":oidc-provider/") {
        Some((_, address)) => address,
        None => name,
    };
    if let Some((arn, provider)) = name.split_once(":saml-provider/") {
        let account = arn.rsplit(':').next().unwrap_or_default();
        let issuer = Issuers::known().all().iter().find(|one| one.keys.as_deref() == Some("saml"))?;
        let parts = vec![("account", account.to_owned()), ("provider", provider.to_owned())];
        return Some(Voucher { issuer, address: provider, parts });
    }
    Issuers::known().of(address)
}

/// Somebody who was let in: what must hold, and by which statements.
struct Entry {
    only_if: Option<String>,
    statements: Vec<String>,
    void: Vec<String>,
}

impl Entry {
    /// What speaks for taking this one of several: the fewest conditions, the shortest first.
    fn key(&self) -> (bool, usize, &Option<String>, &Vec<String>) {
        (
            self.only_if.is_some(),
            self.only_if.as_ref().map_or(0, String::len),
            &self.only_if,
            &self.statements,
        )
    }
}

impl<'a> Door<'a> {
    /// Everybody who is let in, each once, in order of their names.
    pub(super) fn comers(&self) -> Vec<Comer> {
        let estate = self.ground.estate;
        let Some(document) = self.guarded.policies.first().and_then(|policy| policy.document) else {
            return Vec::new();
        };
        let all: BTreeSet<&Named> = allowing(document).flat_map(named).collect();
        let mut found: BTreeMap<Arc<str>, Comer> = BTreeMap::new();
        let mut add = |comer: Comer| match found.get(&comer.name) {
            Some(known) if known.only_if.is_none() || comer.only_if.is_some() => {}
            _ => drop(found.insert(Arc::clone(&comer.name), comer)),
        };
        for one in all {
            match one {
                Named::Service(name) => {
                    let voucher = by_service(name);
                    let kind = CallerKind::Service(name);
                    voucher.into_iter().flat_map(|own| self.vouched((&own, name, kind))).for_each(&mut add);
                }
                Named::Federated(name) => {
                    self.provided(name).into_iter().for_each(&mut add);
                }
                one if is_outside(estate, one) => {
                    self.plain(one).into_iter().for_each(&mut add);
                    if *one == Named::Everybody {
                        self.unnamed().into_iter().flat_map(|name| self.provided(name)).for_each(&mut add);
                    }
                }
                _ => {}
            }
        }
        found.into_values().collect()
    }

    /// Providers of the account, who may come where everybody may.
    fn unnamed(&self) -> Vec<&'a str> {
        let estate = self.ground.estate;
        let Some(account) = estate.find_account(self.account) else { return Vec::new() };
        let things = PROVIDERS.iter().flat_map(|kind| estate.things(account, kind));
        things.map(|(_, one)| one.id.as_str()).collect()
    }

    /// Another account, an identity of one, or everybody.
    fn plain(&self, one: &Named) -> Option<Comer> {
        let estate = self.ground.estate;
        let (name, words, breadth) = told(one);
        let arn = match one {
            Named::Everybody => STRANGER.to_owned(),
            Named::Account(number) => format!("arn:aws:iam::{number}:root"),
            Named::Aws(arn) => arn.to_string(),
            Named::Federated(_) | Named::Service(_) | Named::CanonicalUser(_) => return None,
        };
        let mut caller = Caller::of(&arn)?;
        if *one == Named::Everybody {
            caller.organisation = Membership::Outside;
        }
        let any = estate.policy(estate.any_policy())?;
        let own = [Policy { name: &any.name, document: any.document.document() }];
        let identity: &[Policy<'_>] = if caller.is_identity() { &own } else { &[] };
        let permission = Permission::new("sts:AssumeRole");
        let entry = self.ask((caller, identity), &permission, (&Context::known_of_outsiders(), None))?;
        let words = words.into();
        let Entry { only_if, statements, void } = entry;
        Some(Comer { name: name.into(), words, breadth, only_if, statements, void, by: None })
    }

    /// Whomever a provider of identities vouches for. One that nobody made vouches for nobody.
    fn provided(&self, name: &str) -> Vec<Comer> {
        let voucher = by_provider(name).filter(|_| !self.is_missing(name));
        let kind = CallerKind::Federated(name);
        voucher.map(|own| self.vouched((&own, name, kind))).unwrap_or_default()
    }

    /// Whether it is known that an account has no such provider: an export of it has told others, and not this one.
    fn is_missing(&self, name: &str) -> bool {
        let estate = self.ground.estate;
        let kind = PROVIDERS.iter().find(|kind| {
            let word = kind.trim_start_matches("iam:");
            name.starts_with("arn:") && name.contains(&format!(":{word}/"))
        });
        let account = name.split(':').nth(4).and_then(|account| estate.find_account(account));
        let Some((kind, account)) = kind.zip(account) else { return false };
        let is_exported = |(_, one): (u32, &Resource)| one.seen.is_none_or(|seen| !seen.is_of_event());
        estate.find_resource(name).is_none() && estate.things(account, kind).any(is_exported)
    }

    /// Whomever an issuer vouches for and the policy lets in.
    fn vouched(&self, (voucher, provider, kind): (&Voucher<'_>, &str, CallerKind<'_>)) -> Vec<Comer> {
        let keys = Keys::new(voucher, &self.conditions());
        let caller = Caller { kind, ..Caller::anonymous() };
        let permissions: Vec<Permission> =
            voucher.issuer.permissions.iter().map(|name| Permission::new(name)).collect();
        let cluster = voucher.issuer.resource.as_deref().and_then(|kind| self.cluster(voucher, kind));
        let mut found: BTreeMap<Box<str>, (Subject, Entry)> = BTreeMap::new();
        for world in keys.worlds() {
            let context = world.context(self.account);
            let mut whole: Option<Entry> = None;
            let all = permissions.iter().all(|permission| {
                let entry = self.ask((caller, &[]), permission, (&context, Some(&world)));
                let is_in = entry.is_some();
                whole = match (whole.take(), entry) {
                    (Some(one), Some(other)) => Some(one.and(other)),
                    (_, entry) => entry,
                };
                is_in
            });
            let Some(mut entry) = whole.filter(|_| all) else { continue };
            let subject = voucher.subject(cluster.as_deref(), &world.told());
            entry.only_if = both(entry.only_if, world.assumed(voucher));
            match found.get(&subject.name) {
                Some((_, known)) if known.key() <= entry.key() => {}
                _ => drop(found.insert(subject.name.clone(), (subject, entry))),
            }
        }
        let by: Arc<str> = provider.into();
        let is_less = |(subject, entry): &(Subject, Entry)| {
            found.values().any(|(other, theirs)| {
                other.name != subject.name
                    && other.covers(subject)
                    && theirs.only_if.is_some() <= entry.only_if.is_some()
                    && other.breadth <= subject.breadth
            })
        };
        let kept = found.values().filter(|one| !is_less(one));
        kept.map(|(subject, entry)| Comer::of(&by, subject, entry)).collect()
    }

    /// Asks the evaluation about somebody: nothing where they are kept out, or where only some of them are let in, of whom
    /// another world tells.
    fn ask(
        &self,
        (caller, identity): (Caller<'_>, &[Policy<'_>]),
        permission: &Permission,
        (context, world): (&Context, Option<&World<'_>>),
    ) -> Option<Entry> {
        let policies = Policies {
            identity,
            resource: &self.guarded.policies,
            resource_control: self.guarded.resource_control,
            ..Policies::default()
        };
        let request = Request { caller, permission, resource: self.guarded.resource(), context };
        let answer = evaluate_anywhere(&request, &policies);
        match &answer.verdict {
            Verdict::Allowed => {}
            Verdict::OnlyIf(requirement) => {
                let is_told = world.is_some_and(|world| world.is_told_of_others(requirement));
                if is_told || truth(requirement, true) == Truth::No {
                    return None;
                }
            }
            Verdict::Denied(_) | Verdict::Unknown => return None,
        }
        let void = world.map(|world| void(world, &answer, &policies)).unwrap_or_default();
        let Evidence { mut statements, only_if, .. } = Evidence::of(&answer, &policies);
        // What they may at home is not shown, but taken for granted.
        statements.retain(|statement| !identity.iter().any(|own| statement.starts_with(own.name)));
        let only_if = (!only_if.is_empty()).then(|| only_if.join(" and "));
        Some(Entry { only_if, statements, void })
    }

    /// All conditions that have a say.
    fn conditions(&self) -> Vec<&'a Condition> {
        let control = self.guarded.resource_control.iter().flat_map(|level| level.policies);
        let policies = self.guarded.policies.iter().chain(control).filter_map(|policy| policy.document);
        policies
            .flat_map(|document| &document.statements)
            .flat_map(|statement| &statement.conditions)
            .collect()
    }

    /// The cluster of the inventory whose issuer this is, by its account and name.
    fn cluster(&self, voucher: &Voucher<'_>, kind: &str) -> Option<String> {
        let estate = self.ground.estate;
        let things = estate.accounts().flat_map(|(id, _)| estate.things(id, kind));
        let is_its = |one: &&Resource| {
            let url = one.attributes.get(attribute::OIDC_ISSUER).map_or("", String::as_str);
            url.strip_prefix("https://").unwrap_or(url) == voucher.address
        };
        things.map(|(_, one)| one).find(is_its).map(|one| format!("{}/{}", one.account, one.name))
    }
}

/// Conditions of the statements that decided which hold because a token has nothing of what they ask for.
fn void(world: &World<'_>, answer: &Answer<'_>, policies: &Policies<'_>) -> Vec<String> {
    let statements = answer.because.iter().filter_map(|at| policies.statement(at));
    let conditions = statements.flat_map(|statement| &statement.conditions);
    let is_void = |condition: &&Condition| {
        let operator = condition.operator;
        let passes = operator.if_exists || operator.qualifier == Qualifier::ForAllValues;
        passes && matches!(world.says(&condition.key), Some(Said::Absent))
    };
    let mut void: Vec<String> = conditions.filter(is_void).map(ToString::to_string).collect();
    void.dedup();
    void
}

impl Entry {
    fn and(mut self, other: Self) -> Self {
        self.only_if = both(self.only_if, other.only_if.as_deref());
        for (own, more) in [(&mut self.statements, other.statements), (&mut self.void, other.void)] {
            let new: Vec<String> = more.into_iter().filter(|one| !own.contains(one)).collect();
            own.extend(new);
        }
        self
    }
}

/// What must hold of both.
fn both(one: Option<String>, other: Option<&str>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Some(format!("{one} and {other}")),
        (one, other) => one.or_else(|| other.map(str::to_owned)),
    }
}

impl Comer {
    fn of(by: &Arc<str>, subject: &Subject, entry: &Entry) -> Self {
        Self {
            name: (*subject.name).into(),
            words: subject.words.clone(),
            breadth: subject.breadth,
            only_if: entry.only_if.clone(),
            statements: entry.statements.clone(),
            void: entry.void.clone(),
            by: Some((Arc::clone(by), subject.clone())),
        }
    }
}

/// Kinds of providers that an account makes.
pub(super) const PROVIDERS: [&str; 2] = ["iam:oidc-provider", "iam:saml-provider"];

/// Kinds of clusters that vouch for their service accounts.
pub(super) const CLUSTER: &str = "eks:cluster";

/// Stands for an account of which nothing is known.
pub(super) const STRANGER: &str = "arn:aws:iam::000000000000:root";
