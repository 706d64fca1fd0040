from activities.all import *
