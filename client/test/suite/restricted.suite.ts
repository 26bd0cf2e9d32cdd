import './restricted.test';
