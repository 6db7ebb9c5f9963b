//! Why a value is refused: a field, a reason, and the sentence that says so in French or English.

use serde::{Deserialize, Serialize};

/// Language of the sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// French, the default.
    #[default]
    Fr,
    /// English.
    En,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The subject has no such field.
    UnknownField,
    /// The value has another shape than the field wants.
    Shape(&'static str),
    /// A required value is missing.
    Required,
    /// Longer than this many characters.
    TooLong(usize),
    /// More than this many members.
    TooMany(usize),
    /// Not one of these words.
    NotOneOf(&'static [&'static str]),
    /// Not an http or https address.
    Url,
    /// Not an e-mail address.
    Email,
    /// Not a phone number.
    Phone,
    /// Not a date.
    Date,
    /// Not an RNA number.
    Rna,
    /// Not a SIRET number.
    Siret,
    /// Not a theme or sub-category.
    Category,
    /// Longitude or latitude out of range.
    Coordinates,
    /// Not a valid boundary.
    Boundary,
    /// Not a slug.
    Slug,
    /// Not a theme of the taxonomy.
    Theme,
    /// Not a moment in UTC.
    Moment,
    /// Begins after it ends, or lasts too long.
    Span,
    /// Not an id.
    Id,
    /// Can't be changed once it is written.
    Fixed,
}

/// A field and the reason why its value is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.sentence(Lang::En))]
pub struct Invalid {
    /// Name of the field.
    pub field: String,
    /// What is wrong.
    pub reason: Reason,
}

impl Invalid {
    /// Shorthand.
    pub fn new(field: &str, reason: Reason) -> Self {
        Self { field: field.into(), reason }
    }

    /// Stable code for clients.
    pub fn code(&self) -> &'static str {
        match self.reason {
            Reason::UnknownField => "unknown_field",
            Reason::Shape(_) => "wrong_shape",
            Reason::Required => "required",
            Reason::TooLong(_) => "too_long",
            Reason::TooMany(_) => "too_many",
            Reason::NotOneOf(_) => "not_one_of",
            Reason::Url => "bad_url",
            Reason::Email => "bad_email",
            Reason::Phone => "bad_phone",
            Reason::Date => "bad_date",
            Reason::Rna => "bad_rna",
            Reason::Siret => "bad_siret",
            Reason::Category => "unknown_category",
            Reason::Coordinates => "bad_coordinates",
            Reason::Boundary => "bad_boundary",
            Reason::Slug => "bad_slug",
            Reason::Theme => "unknown_theme",
            Reason::Moment => "bad_moment",
            Reason::Span => "bad_span",
            Reason::Id => "bad_id",
            Reason::Fixed => "fixed",
        }
    }

    /// One sentence: which field, and what to do about it.
    pub fn sentence(&self, lang: Lang) -> String {
        let label = label(&self.field, lang);
        match lang {
            Lang::Fr => self.french(&label),
            Lang::En => self.english(&label),
        }
    }

    fn french(&self, label: &str) -> String {
        match &self.reason {
            Reason::UnknownField => format!("Le champ « {} » n’existe pas.", self.field),
            Reason::Shape(wanted) => format!("{label} : la valeur n’a pas la forme attendue ({wanted})."),
            Reason::Required if self.field == "name" => "Écrivez un nom, même provisoire.".into(),
            Reason::Required => format!("{label} : ce champ ne peut pas rester vide."),
            Reason::TooLong(max) => format!("{label} : gardez {max} caractères au plus."),
            Reason::TooMany(max) => format!("{label} : {max} au plus."),
            Reason::NotOneOf(words) => format!("{label} : choisissez parmi {}.", words.join(", ")),
            Reason::Url => format!("{label} : écrivez une adresse qui commence par http:// ou https://."),
            Reason::Email => format!("{label} : écrivez une adresse comme nom@exemple.fr."),
            Reason::Phone => format!("{label} : écrivez un numéro avec des chiffres, par exemple 01 99 00 12 34."),
            Reason::Date => format!("{label} : écrivez une date comme 2026, 2026-05 ou 2026-05-14."),
            Reason::Rna => format!("{label} : un numéro RNA est la lettre W suivie de 9 chiffres ou lettres."),
            Reason::Siret => format!("{label} : un numéro SIRET a 14 chiffres, et le dernier les contrôle ; vérifiez-les."),
            Reason::Category => format!("{label} : ce thème n’existe pas dans la liste."),
            Reason::Coordinates => format!("{label} : la longitude va de -180 à 180 et la latitude de -90 à 90."),
            Reason::Boundary => format!("{label} : il faut un polygone fermé."),
            Reason::Slug => format!("{label} : des lettres minuscules, des chiffres et des tirets, 2 à 60."),
            Reason::Theme => format!("{label} : ce thème n’existe pas."),
            Reason::Moment => format!("{label} : écrivez un moment comme 2026-05-14T18:00:00Z."),
            Reason::Span => "Une séance finit après son début, et 48 heures plus tard au plus.".into(),
            Reason::Id => format!("{label} : ce n’est pas un identifiant."),
            Reason::Fixed => format!("{label} : cela ne peut plus être changé."),
        }
    }

    fn english(&self, label: &str) -> String {
        match &self.reason {
            Reason::UnknownField => format!("There is no field “{}”.", self.field),
            Reason::Shape(wanted) => format!("{label}: the value does not have the expected shape ({wanted})."),
            Reason::Required if self.field == "name" => "Write a name, even a provisional one.".into(),
            Reason::Required => format!("{label}: this field cannot stay empty."),
            Reason::TooLong(max) => format!("{label}: keep it to {max} characters at most."),
            Reason::TooMany(max) => format!("{label}: {max} at most."),
            Reason::NotOneOf(words) => format!("{label}: choose one of {}.", words.join(", ")),
            Reason::Url => format!("{label}: write an address that starts with http:// or https://."),
            Reason::Email => format!("{label}: write an address like name@example.org."),
            Reason::Phone => format!("{label}: write a number with digits, for example +33 1 99 00 12 34."),
            Reason::Date => format!("{label}: write a date like 2026, 2026-05 or 2026-05-14."),
            Reason::Rna => format!("{label}: an RNA number is the letter W and 9 digits or letters."),
            Reason::Siret => format!("{label}: a SIRET number has 14 digits, the last of which checks the others; look at them again."),
            Reason::Category => format!("{label}: this theme is not in the list."),
            Reason::Coordinates => format!("{label}: longitude goes from -180 to 180 and latitude from -90 to 90."),
            Reason::Boundary => format!("{label}: a closed polygon is needed."),
            Reason::Slug => format!("{label}: lower-case letters, digits and dashes, 2 to 60."),
            Reason::Theme => format!("{label}: there is no such theme."),
            Reason::Moment => format!("{label}: write a moment like 2026-05-14T18:00:00Z."),
            Reason::Span => "A séance ends after it begins, at most 48 hours later.".into(),
            Reason::Id => format!("{label}: this is no id."),
            Reason::Fixed => format!("{label}: this cannot be changed any more."),
        }
    }
}

/// The name of a field as people read it.
pub fn label(field: &str, lang: Lang) -> String {
    if field.starts_with("place/") {
        let part = if field.ends_with("/address") { ("Adresse", "Address") } else { ("Position", "Position") };
        return pick(part, lang).into();
    }
    let words = match field {
        "name" => ("Nom", "Name"),
        "short_name" => ("Sigle", "Short name"),
        "summary" => ("En une phrase", "In one sentence"),
        "description" => ("Description", "Description"),
        "kind" => ("Type d’acteur", "Kind of actor"),
        "primary_category" => ("Thème principal", "Main theme"),
        "categories" => ("Autres thèmes", "Other themes"),
        "tags" => ("Mots-clés", "Keywords"),
        "links" => ("Liens", "Links"),
        "images" => ("Images", "Images"),
        "former_names" => ("Anciens noms", "Former names"),
        "website" => ("Site", "Website"),
        "email" => ("Courriel", "E-mail"),
        "phone" => ("Téléphone", "Phone"),
        "opening_hours" => ("Horaires", "Opening hours"),
        "rna" => ("Numéro RNA", "RNA number"),
        "siret" => ("Numéro SIRET", "SIRET number"),
        "legal_form" => ("Forme juridique", "Legal form"),
        "scope" => ("Rayon d’action", "Scope"),
        "status" => ("Activité", "Status"),
        "founded_on" => ("Création", "Founded"),
        "wheelchair" => ("Accès en fauteuil", "Wheelchair access"),
        "confirmed_on" => ("Confirmé le", "Confirmed on"),
        "closing" => ("Fermeture signalée", "Reported closing"),
        "slug" => ("Adresse courte", "Slug"),
        "boundary" => ("Contour", "Boundary"),
        "population" => ("Population", "Population"),
        "title" => ("Titre", "Title"),
        "area" => ("Zone", "Area"),
        "themes" => ("Thèmes", "Themes"),
        "starts_at" => ("Début", "Start"),
        "ends_at" => ("Fin", "End"),
        "grid" => ("Découpage", "Grid"),
        "participants_max" => ("Nombre de personnes", "Number of people"),
        "cancelled" => ("Annulation", "Cancellation"),
        "seance" => ("Séance", "Séance"),
        "key" => ("Morceau de la zone", "Piece of the area"),
        "state" => ("État", "State"),
        "team" => ("Équipe", "Team"),
        "note" => ("Remarque", "Note"),
        "relations" => ("Liens avec d’autres acteurs", "Links with other actors"),
        "caption" => ("Légende", "Caption"),
        "alt" | "picture_alt" => ("Texte de remplacement", "Alternative text"),
        "bbox" => ("Cadre", "Box"),
        "extent" => ("Étendue de la carte", "Extent of the map"),
        "format" => ("Format", "Format"),
        "orientation" => ("Orientation", "Orientation"),
        "style" => ("Style", "Style"),
        "measure" => ("Indicateur", "Indicator"),
        "embedders" => ("Sites autorisés", "Allowed sites"),
        "frozen" => ("Figée", "Frozen"),
        "picture" => ("Image", "Picture"),
        "report" => ("Rapport", "Report"),
        "section" => ("Partie", "Section"),
        "order" => ("Ordre", "Order"),
        "text" => ("Texte", "Text"),
        "figure" => ("Figure", "Figure"),
        "step" => ("Étape du cycle", "Step of the cycle"),
        "rung" => ("Échelon d’Arnstein", "Rung of Arnstein’s ladder"),
        "since" => ("Depuis", "Since"),
        "audience" => ("Public", "Audience"),
        "evaluation" => ("Évaluation", "Evaluation"),
        other => return other.into(),
    };
    pick(words, lang).into()
}

fn pick(words: (&'static str, &'static str), lang: Lang) -> &'static str {
    match lang {
        Lang::Fr => words.0,
        Lang::En => words.1,
    }
}
