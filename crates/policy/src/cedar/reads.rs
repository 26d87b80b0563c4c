//! One walk over the body of a policy: what of the request's entities it reads, so that a request builds no more.

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, Policy, PolicyID, Template, Var};
use cedar_policy_core::est;
use cedar_policy_core::parser::Loc;
use doorward_views::snapshot::attribute::Attribute;

/// What a body reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that is read, and none excludes another"
)]
pub(crate) struct Reads {
    /// Attributes of the principal.
    pub(crate) principal: Vec<String>,
    /// Attributes of the resource.
    pub(crate) resource: Vec<String>,
    /// Parts of the context.
    pub(crate) context: Vec<String>,
    /// The context as one value.
    pub(crate) context_whole: bool,
    /// What the principal is a member of.
    pub(crate) principal_in: bool,
    /// What the resource is a member of.
    pub(crate) resource_in: bool,
    /// The action's groups or attributes.
    pub(crate) action: bool,
    /// Entities beyond principal, action and resource, or tags.
    pub(crate) deep: bool,
}

/// A first condition `principal.NAME == LITERAL` or `resource.NAME == LITERAL`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guard {
    /// Whether it is the principal's attribute.
    pub(crate) of_principal: bool,
    /// The attribute.
    pub(crate) attribute: String,
    /// The value it must have.
    pub(crate) value: Attribute,
}

/// What an operand is, as far as reading goes.
enum Root {
    Var(Var),
    /// Something inside the context.
    WithinContext,
    Other,
}

fn root(expr: &Expr) -> Root {
    match expr.expr_kind() {
        ExprKind::Var(var) => Root::Var(*var),
        ExprKind::GetAttr { expr, .. } => match root(expr) {
            Root::Var(Var::Context) | Root::WithinContext => Root::WithinContext,
            Root::Var(_) | Root::Other => Root::Other,
        },
        _ => Root::Other,
    }
}

/// What the body of a policy reads.
pub(crate) fn reads(policy: &cedar_policy::Policy) -> Reads {
    let policy: &Policy = policy.as_ref();
    let mut reads = Reads::default();
    let (mut context_vars, mut context_parts) = (0, 0);
    for expr in policy.non_scope_constraints().into_iter().flat_map(Expr::subexpressions) {
        match expr.expr_kind() {
            ExprKind::Var(Var::Context) => context_vars += 1,
            ExprKind::GetAttr { expr, attr } | ExprKind::HasAttr { expr, attr } => {
                context_parts += usize::from(reads.attribute(expr, attr));
            }
            ExprKind::ExtHasAttr { expr, attrs } => {
                context_parts += usize::from(reads.attribute(expr, attrs.first()));
                reads.deep |=
                    attrs.len() > 1 && !matches!(root(expr), Root::Var(Var::Context) | Root::WithinContext);
            }
            ExprKind::BinaryApp { op: BinaryOp::In, arg1, .. } => reads.membership(arg1),
            ExprKind::BinaryApp { op: BinaryOp::GetTag | BinaryOp::HasTag, .. } | ExprKind::Slot(_) => {
                reads.deep = true;
            }
            _ => {}
        }
    }
    reads.context_whole = context_vars > context_parts;
    reads
}

impl Reads {
    /// Notes that an attribute of something is read, and says whether it is a part of the context.
    fn attribute(&mut self, of: &Expr, name: &str) -> bool {
        match root(of) {
            Root::Var(Var::Principal) => self.principal.push(name.to_owned()),
            Root::Var(Var::Resource) => self.resource.push(name.to_owned()),
            Root::Var(Var::Action) => self.action = true,
            Root::Var(Var::Context) => {
                self.context.push(name.to_owned());
                return true;
            }
            // No entity lies in the context unless the request put one there; then every policy counts as deep.
            Root::WithinContext => {}
            Root::Other => self.deep = true,
        }
        false
    }

    /// Notes that it is asked what something is a member of.
    fn membership(&mut self, of: &Expr) {
        match root(of) {
            Root::Var(Var::Principal) => self.principal_in = true,
            Root::Var(Var::Resource) => self.resource_in = true,
            Root::Var(Var::Action) => self.action = true,
            Root::Var(Var::Context) | Root::WithinContext => {}
            Root::Other => self.deep = true,
        }
    }
}

/// The first condition of a policy, when it compares an attribute with a literal. It cannot err unless the attribute
/// is absent.
pub(crate) fn guard(policy: &cedar_policy::Policy) -> Option<Guard> {
    let policy: &Policy = policy.as_ref();
    let mut first = policy.non_scope_constraints()?;
    while let ExprKind::And { left, .. } = first.expr_kind() {
        first = left;
    }
    let ExprKind::BinaryApp { op: BinaryOp::Eq, arg1, arg2 } = first.expr_kind() else {
        return None;
    };
    compared(arg1, arg2).or_else(|| compared(arg2, arg1))
}

fn compared(attribute: &Expr, with: &Expr) -> Option<Guard> {
    let (ExprKind::GetAttr { expr, attr }, ExprKind::Lit(literal)) =
        (attribute.expr_kind(), with.expr_kind())
    else {
        return None;
    };
    let of_principal = match expr.expr_kind() {
        ExprKind::Var(Var::Principal) => true,
        ExprKind::Var(Var::Resource) => false,
        _ => return None,
    };
    let value = match literal {
        Literal::Bool(is) => Attribute::Bool(*is),
        Literal::Long(number) => Attribute::Long(*number),
        Literal::String(text) => Attribute::from(text.as_str()),
        Literal::EntityUID(uid) => {
            let (kind, id) = super::parts_of(uid);
            Attribute::Entity(kind.into(), id.into())
        }
    };
    Some(Guard { of_principal, attribute: attr.to_string(), value })
}

/// The same expression, made anew through Cedar's JSON form, which keeps no locations.
pub(super) fn without_locations(expr: &Expr) -> Expr {
    let plain = expr.clone().into_expr::<est::Builder>();
    plain.try_into_ast(&PolicyID::from_string("")).unwrap_or_else(|_| expr.clone())
}

/// Where a policy begins in its text, in bytes.
pub(crate) fn offset_of_policy(policy: &cedar_policy::Policy) -> usize {
    let policy: &Policy = policy.as_ref();
    policy.loc().map(Loc::start).unwrap_or_default()
}

/// Where a template begins in its text, in bytes.
pub(crate) fn offset_of_template(template: &cedar_policy::Template) -> usize {
    let template: &Template = template.as_ref();
    template.loc().map(Loc::start).unwrap_or_default()
}
