//! The operations between two operands: their names, and the dtypes they work on.

use crate::array::DType;

/// On which dtypes an operation works, and what it makes of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// All dtypes.
    All,
    /// All but `bool`.
    Numbers,
    /// Float types; integers are turned into the default one.
    ToFloat,
    /// Float types only.
    Float,
    /// Integers and `bool`.
    Integral,
    /// Integers only.
    Integer,
    /// All dtypes, compared; the result is `bool`.
    Compare,
    /// The truth of each operand; the result is `bool`.
    Truth,
}

macro_rules! kinds {
    ($($(#[$meta:meta])* $variant:ident $name:literal $domain:ident [$both:literal, $left:literal, $right:literal];)*) => {
        /// An operation between two operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$meta])* $variant,)*
        }

        impl Kind {
            /// PyTorch's name.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }

            /// The dtypes it works on.
            pub fn domain(self) -> Domain {
                match self { $(Kind::$variant => Domain::$domain,)* }
            }

            /// The names of its steps in the graph: of two tensors, of a tensor and a number, of a number and a tensor.
            pub fn nodes(self) -> [&'static str; 3] {
                match self { $(Kind::$variant => [$both, $left, $right],)* }
            }
        }
    };
}

kinds! {
    /// `a + alpha b`; logical or for `bool`.
    Add "add" All ["AddBackward0", "AddBackward0", "AddBackward0"];
    /// `a - alpha b`.
    Sub "sub" Numbers ["SubBackward0", "SubBackward0", "RsubBackward1"];
    /// `a b`; logical and for `bool`.
    Mul "mul" All ["MulBackward0", "MulBackward0", "MulBackward0"];
    /// `a / b` in floating point.
    Div "div" ToFloat ["DivBackward0", "DivBackward0", "DivBackward0"];
    /// `a / b` rounded towards zero.
    DivTrunc "div_trunc" Numbers ["DivBackward2", "DivBackward2", "DivBackward2"];
    /// `a / b` rounded down.
    DivFloor "div_floor" Numbers ["DivBackward2", "DivBackward2", "DivBackward2"];
    /// `a / b` rounded down, without a gradient.
    FloorDivide "floor_divide" Numbers ["NotImplemented", "NotImplemented", "NotImplemented"];
    /// `a - b floor(a / b)`: the sign of `b`.
    Remainder "remainder" Numbers ["RemainderBackward1", "RemainderBackward0", "RemainderBackward1"];
    /// `a - b trunc(a / b)`: the sign of `a`.
    Fmod "fmod" Numbers ["FmodBackward1", "FmodBackward0", "FmodBackward1"];
    /// `a` to the power `b`.
    Pow "pow" Numbers ["PowBackward1", "PowBackward0", "PowBackward2"];
    /// The larger one; NaN if either is.
    Maximum "maximum" All ["MaximumBackward0", "MaximumBackward0", "MaximumBackward0"];
    /// The smaller one; NaN if either is.
    Minimum "minimum" All ["MinimumBackward0", "MinimumBackward0", "MinimumBackward0"];
    /// The larger one; a number rather than NaN.
    Fmax "fmax" All ["FmaxBackward0", "FmaxBackward0", "FmaxBackward0"];
    /// The smaller one; a number rather than NaN.
    Fmin "fmin" All ["FminBackward0", "FminBackward0", "FminBackward0"];
    /// The angle of the point `(b, a)`.
    Atan2 "atan2" ToFloat ["Atan2Backward0", "Atan2Backward0", "Atan2Backward0"];
    /// `sqrt(a^2 + b^2)`.
    Hypot "hypot" Float ["HypotBackward0", "HypotBackward0", "HypotBackward0"];
    /// `|a|` with the sign of `b`.
    Copysign "copysign" ToFloat ["CopysignBackward0", "CopysignBackward1", "CopysignBackward0"];
    /// The next float from `a` towards `b`.
    Nextafter "nextafter" Float ["NextafterBackward0", "NextafterBackward0", "NextafterBackward0"];
    /// `ln(e^a + e^b)`.
    Logaddexp "logaddexp" Float ["LogaddexpBackward0", "LogaddexpBackward0", "LogaddexpBackward0"];
    /// `log2(2^a + 2^b)`.
    Logaddexp2 "logaddexp2" Float ["Logaddexp2Backward0", "Logaddexp2Backward0", "Logaddexp2Backward0"];
    /// `a ln b`, 0 where `a` is 0.
    Xlogy "xlogy" ToFloat ["XlogyBackward0", "XlogyBackward2", "XlogyBackward1"];
    /// 0 below zero, 1 above, `b` at zero.
    Heaviside "heaviside" All ["NotImplemented", "NotImplemented", "NotImplemented"];
    /// `a 2^b`, in floating point.
    Ldexp "ldexp" ToFloat ["LdexpBackward0", "LdexpBackward0", "LdexpBackward0"];
    /// Bits of both.
    BitwiseAnd "bitwise_and" Integral ["BitwiseAndBackward0", "BitwiseAndBackward0", "BitwiseAndBackward0"];
    /// Bits of either.
    BitwiseOr "bitwise_or" Integral ["BitwiseOrBackward0", "BitwiseOrBackward0", "BitwiseOrBackward0"];
    /// Bits of exactly one.
    BitwiseXor "bitwise_xor" Integral ["BitwiseXorBackward0", "BitwiseXorBackward0", "BitwiseXorBackward0"];
    /// `a 2^b`; 0 where `b` is out of range.
    ShiftLeft "lshift" Integer ["LshiftBackward0", "LshiftBackward0", "LshiftBackward0"];
    /// `floor(a / 2^b)`.
    ShiftRight "rshift" Integer ["RshiftBackward0", "RshiftBackward0", "RshiftBackward0"];
    /// `a = b`.
    Eq "eq" Compare ["EqBackward1", "EqBackward0", "EqBackward1"];
    /// `a != b`.
    Ne "ne" Compare ["NeBackward1", "NeBackward0", "NeBackward1"];
    /// `a < b`.
    Lt "lt" Compare ["LtBackward1", "LtBackward0", "LtBackward1"];
    /// `a <= b`.
    Le "le" Compare ["LeBackward1", "LeBackward0", "LeBackward1"];
    /// `a > b`.
    Gt "gt" Compare ["GtBackward1", "GtBackward0", "GtBackward1"];
    /// `a >= b`.
    Ge "ge" Compare ["GeBackward1", "GeBackward0", "GeBackward1"];
    /// Both are true.
    And "logical_and" Truth ["LogicalAndBackward0", "LogicalAndBackward0", "LogicalAndBackward0"];
    /// Either is true.
    Or "logical_or" Truth ["LogicalOrBackward0", "LogicalOrBackward0", "LogicalOrBackward0"];
    /// Exactly one is true.
    Xor "logical_xor" Truth ["LogicalXorBackward0", "LogicalXorBackward0", "LogicalXorBackward0"];
}

impl Kind {
    /// The dtype in which operands meet, given the promoted one.
    pub fn compute_dtype(self, promoted: DType, default_float: DType) -> DType {
        match self.domain() {
            Domain::ToFloat if !promoted.is_float() => default_float,
            Domain::Truth => DType::Bool,
            _ => promoted,
        }
    }

    /// The dtype of the result, given the one in which operands meet.
    pub fn result_dtype(self, common: DType) -> DType {
        match self.domain() {
            Domain::Compare | Domain::Truth => DType::Bool,
            _ => common,
        }
    }

    /// Whether numbers meet half types in single precision, as in PyTorch.
    pub fn keeps_numbers_wide(self) -> bool {
        matches!(self, Kind::Add | Kind::Sub | Kind::Mul | Kind::Div)
    }
}
