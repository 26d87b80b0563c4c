//! Who administers an account by their own policies.

use doorward_model::time::Time;

use crate::analysis::Drawing;
use crate::analysis::actor::Actor;
use crate::analysis::alike::Found;
use crate::analysis::draft::Cause;
use crate::analysis::find::least;
use crate::analysis::ground::Ground;
use crate::analysis::method::Asked;
use crate::analysis::part::Parts;
use crate::analysis::question::Acting;
use crate::targets::Certainty;

/// What an administrator may do, on any resource: to give and take rights by each way there is, to use any role, and
/// to read, run and change what the widest-used services hold. Who may do all of it is called an administrator here,
/// whatever is named beside (roles and keys have policies of their own, which are not asked here); who may do a part of it is left to the methods of escalation.
pub(super) const KERNEL: [(&str, &str); 18] = [
    ("iam:AttachRolePolicy", "arn:aws:iam::{}:role/*"),
    ("iam:AttachUserPolicy", "arn:aws:iam::{}:user/*"),
    ("iam:CreateAccessKey", "arn:aws:iam::{}:user/*"),
    ("iam:CreatePolicyVersion", "arn:aws:iam::{}:policy/*"),
    ("iam:CreateUser", "arn:aws:iam::{}:user/*"),
    ("iam:PassRole", "arn:aws:iam::{}:role/*"),
    ("iam:PutRolePolicy", "arn:aws:iam::{}:role/*"),
    ("iam:PutUserPolicy", "arn:aws:iam::{}:user/*"),
    ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::{}:role/*"),
    ("cloudformation:CreateStack", "arn:aws:cloudformation:*:{}:stack/*"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:*:{}:table/*"),
    ("ec2:RunInstances", "arn:aws:ec2:*:{}:instance/*"),
    ("lambda:UpdateFunctionCode", "arn:aws:lambda:*:{}:function:*"),
    ("rds:DeleteDBInstance", "arn:aws:rds:*:{}:db:*"),
    ("s3:GetObject", "arn:aws:s3:::*"),
    ("s3:PutBucketPolicy", "arn:aws:s3:::*"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:{}:secret:*"),
    ("ssm:SendCommand", "arn:aws:ec2:*:{}:instance/*"),
];

impl Drawing<'_> {
    /// Leads an administrator to the administration of its account; tells whether it is one.
    pub(super) fn administer(&mut self, acting: &Acting<'_>) -> bool {
        let actor = acting.actor;
        if !actor.limited.holds(&self.drawn.kernel) {
            return false;
        }
        let question = self.question(acting, (Parts::ADMINISTER, &self.drawn.kernel), 0);
        let first = self.leads.len();
        self.alike((actor.node, question), |drawing| {
            if let Some(certainty) = administers(acting, drawing.as_of) {
                let to = drawing.drawn.board.administration(actor.account);
                drawing.lead(actor.node, to, (certainty, Cause::Administers));
            }
            (Found::default(), true)
        });
        let is_certain = self.leads.iter().skip(first).any(|lead| !lead.only_if);
        if is_certain && actor.variant.is_none() {
            self.drawn.set_administrator(actor.principal, true);
        }
        is_certain
    }
}

/// Whether an actor administers its account, for sure or if something holds.
pub(super) fn may_administer(ground: Ground<'_>, actor: &Actor, as_of: Time) -> bool {
    Acting::new(ground, actor).and_then(|acting| administers(&acting, as_of)).is_some()
}

/// Whether an actor administers its account for sure.
pub(super) fn surely_administers(ground: Ground<'_>, actor: &Actor, as_of: Time) -> bool {
    let sure = Acting::new(ground, actor).and_then(|acting| administers(&acting, as_of));
    sure == Some(Certainty::Certain)
}

/// How sure it is that an actor may do all that an administrator may.
fn administers(acting: &Acting<'_>, as_of: Time) -> Option<Certainty> {
    least(KERNEL.into_iter().map(|(permission, form)| {
        let asked = Asked::plain(permission, as_of);
        acting.has_on_all(&asked, &form.replace("{}", acting.caller.account))
    }))
}
