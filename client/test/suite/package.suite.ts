import './package.test';
