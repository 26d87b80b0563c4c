//! Whether a permission that is asked for was used.

use doorward_model::usage::Span;

use super::Usage;
use super::record::Records;
use super::step::StepAnswer;
use super::who::Who;
use crate::estate::Estate;
use crate::pattern::Pattern;
use crate::questions::CanAnswer;

/// Says of answers whether a log shows that the identity used the permission on the resource. Of objects it knows the bucket
/// alone, so of one of them nobody can tell.
pub fn used(usage: &Usage, estate: &Estate, answers: &mut [CanAnswer]) {
    if !usage.tells_of(estate) {
        return;
    }
    let who = Who::new(estate);
    let records = Records::new(usage, estate, &who);
    for answer in answers {
        answer.usage = Some(step((usage, estate), (&who, &records), answer));
    }
}

fn step(
    (usage, estate): (&Usage, &Estate),
    (who, records): (&Who<'_>, &Records<'_>),
    answer: &CanAnswer,
) -> StepAnswer {
    let (permission, resource) = (&*answer.permission, &*answer.resource);
    let record = estate.find(&answer.identity).map(|id| records.take(id)).unwrap_or_default();
    let holder = estate.find(answer.by_role.as_deref().unwrap_or(&answer.identity));
    let account = holder.and_then(|id| estate.principal(id)).map_or("", |one| &one.identity.account);
    let mut is_open = record.is_hidden(usage, account, permission) || record.is_partial(usage, permission);
    let (wanted, meant) = (Pattern::new(resource), who.principal(resource));
    let is_on = |on: &str| wanted.matches(on) || (meant.is_some() && who.principal(on) == meant);
    let mut seen = record.all(usage, permission).filter(|_| resource == "*");
    for (on, span) in record.on(usage, permission).filter(|_| resource != "*") {
        if is_on(on) {
            seen = Some(seen.map_or(span, |known| Span::join(known, span)));
        } else {
            is_open |= !on.starts_with("arn:") || Pattern::new(on).matches(resource);
        }
    }
    StepAnswer::told(seen, is_open)
}
