"""Every loss of `nn.functional`."""

from .classification_loss import binary_cross_entropy as binary_cross_entropy
from .classification_loss import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .classification_loss import cross_entropy as cross_entropy
from .classification_loss import kl_div as kl_div
from .classification_loss import nll_loss as nll_loss
from .ranking_loss import cosine_embedding_loss as cosine_embedding_loss
from .ranking_loss import hinge_embedding_loss as hinge_embedding_loss
from .ranking_loss import margin_ranking_loss as margin_ranking_loss
from .ranking_loss import multi_margin_loss as multi_margin_loss
from .ranking_loss import multilabel_margin_loss as multilabel_margin_loss
from .ranking_loss import multilabel_soft_margin_loss as multilabel_soft_margin_loss
from .ranking_loss import soft_margin_loss as soft_margin_loss
from .ranking_loss import triplet_margin_loss as triplet_margin_loss
from .ranking_loss import triplet_margin_with_distance_loss as triplet_margin_with_distance_loss
from .regression_loss import gaussian_nll_loss as gaussian_nll_loss
from .regression_loss import huber_loss as huber_loss
from .regression_loss import l1_loss as l1_loss
from .regression_loss import mse_loss as mse_loss
from .regression_loss import poisson_nll_loss as poisson_nll_loss
from .regression_loss import smooth_l1_loss as smooth_l1_loss
