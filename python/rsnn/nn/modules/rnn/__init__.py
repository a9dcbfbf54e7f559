"""Recurrent layers."""

from rsnn.nn.modules.rnn.base import RNNBase as RNNBase
from rsnn.nn.modules.rnn.cells import GRUCell as GRUCell
from rsnn.nn.modules.rnn.cells import LSTMCell as LSTMCell
from rsnn.nn.modules.rnn.cells import RNNCell as RNNCell
from rsnn.nn.modules.rnn.cells import RNNCellBase as RNNCellBase
from rsnn.nn.modules.rnn.networks import GRU as GRU
from rsnn.nn.modules.rnn.networks import LSTM as LSTM
from rsnn.nn.modules.rnn.networks import RNN as RNN
