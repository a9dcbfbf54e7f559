"""Losses."""

from rsnn.nn.modules.loss.base import _Loss as _Loss
from rsnn.nn.modules.loss.base import _WeightedLoss as _WeightedLoss
from rsnn.nn.modules.loss.classification import BCELoss as BCELoss
from rsnn.nn.modules.loss.classification import BCEWithLogitsLoss as BCEWithLogitsLoss
from rsnn.nn.modules.loss.classification import CrossEntropyLoss as CrossEntropyLoss
from rsnn.nn.modules.loss.classification import KLDivLoss as KLDivLoss
from rsnn.nn.modules.loss.classification import NLLLoss as NLLLoss
from rsnn.nn.modules.loss.classification import NLLLoss2d as NLLLoss2d
from rsnn.nn.modules.loss.ctc import CTCLoss as CTCLoss
from rsnn.nn.modules.loss.margin import MultiLabelMarginLoss as MultiLabelMarginLoss
from rsnn.nn.modules.loss.margin import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from rsnn.nn.modules.loss.margin import MultiMarginLoss as MultiMarginLoss
from rsnn.nn.modules.loss.margin import SoftMarginLoss as SoftMarginLoss
from rsnn.nn.modules.loss.ranking import CosineEmbeddingLoss as CosineEmbeddingLoss
from rsnn.nn.modules.loss.ranking import HingeEmbeddingLoss as HingeEmbeddingLoss
from rsnn.nn.modules.loss.ranking import MarginRankingLoss as MarginRankingLoss
from rsnn.nn.modules.loss.ranking import TripletMarginLoss as TripletMarginLoss
from rsnn.nn.modules.loss.ranking import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss
from rsnn.nn.modules.loss.regression import GaussianNLLLoss as GaussianNLLLoss
from rsnn.nn.modules.loss.regression import HuberLoss as HuberLoss
from rsnn.nn.modules.loss.regression import L1Loss as L1Loss
from rsnn.nn.modules.loss.regression import MSELoss as MSELoss
from rsnn.nn.modules.loss.regression import PoissonNLLLoss as PoissonNLLLoss
from rsnn.nn.modules.loss.regression import SmoothL1Loss as SmoothL1Loss
