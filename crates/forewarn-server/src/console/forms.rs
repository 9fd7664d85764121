//! What somebody typed into a form, and what is wrong with it.

use forewarn_core::problem::Problem;

/// The fields of a form as they came in and the problems found, so that a form shown again keeps what was typed.
///
/// A field's name is its path in the document (`title`, `facts.effect`, `services`), so that problems find their field.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Names and values as they were sent; a name may come several times.
    pub fields: Vec<(String, String)>,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// Something that can be chosen in a form.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub id: String,
    /// What is shown.
    pub name: String,
    /// Heading under which it stands.
    pub group: Option<String>,
}
